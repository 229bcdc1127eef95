//! Index of organizations' own events in the table `organization_events`, along which the log is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::{ContractId, OrganizationId, exact};
use matching::{Event, Parties};
use tokio_postgres::{Row, Transaction};
use uuid::Uuid;

use super::event::OwnEvent;
use super::index::concerned;
use crate::Database;
use crate::database::NamedColumns as _;
use crate::journal::{JournalError, LogRow, stored};

/// Columns that [`read_own_event`] reads, of `events e` joined with `organization_events o`.
pub(crate) const COLUMNS: &str = "e.sequence, e.at, e.type, e.version, e.content::text AS content, o.bought";

/// Queries for organizations' own events.
pub struct OwnEvents<'a> {
    pub(in crate::read_models) database: &'a Database,
}

impl OwnEvents<'_> {
    /// Lists the events of `organization` after the event `after`, at most `limit` of them.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read or holds what no organization's event can be.
    pub async fn page(
        &self,
        organization: OrganizationId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<OwnEvent>, JournalError> {
        let statement = format!(
            "SELECT {COLUMNS} FROM organization_events o JOIN events e ON e.sequence = o.sequence \
             WHERE o.organization = $1 AND o.sequence > $2 ORDER BY o.sequence LIMIT $3"
        );
        let client = self.database.get().await?;
        let rows = client.query(&statement, &[&organization.as_str(), &after, &limit]).await?;
        rows.iter().map(|row| read_own_event(row, organization)).collect()
    }
}

/// Reads the event of a row that has the columns [`COLUMNS`].
pub(crate) fn read_own_event(row: &Row, organization: OrganizationId) -> Result<OwnEvent, JournalError> {
    let sequence: u64 = row.read("sequence")?;
    let version = stored("the version of an event", row.try_get::<_, i16>("version")?)?;
    let event = Event::decode(row.try_get("type")?, version, row.try_get::<_, &str>("content")?.as_bytes())?;
    let bought: Option<Vec<Uuid>> = row.try_get("bought")?;
    let bought: Vec<ContractId> = bought.unwrap_or_default().into_iter().map(ContractId::new).collect();
    let misplaced = || JournalError::Damaged(format!("event {sequence} does not concern {organization}"));
    Ok(OwnEvent {
        sequence,
        at: row.read("at")?,
        name: event.name(),
        version,
        data: event.part_of(organization, &bought).ok_or_else(misplaced)?,
    })
}

/// Records which of the events after `after` concern whom. Runs after the contracts, which tell who bought the hours
/// that are delivered.
pub(in crate::read_models) async fn insert(
    transaction: &Transaction<'_>,
    events: &[Arc<LogRow>],
    after: u64,
) -> Result<(), JournalError> {
    let new = events.iter().map(|row| &row.record).filter(|record| record.sequence > after);
    let parties: Vec<(u64, Parties)> = new.map(|record| (record.sequence, record.event.parties())).collect();
    let buyers = buyers(transaction, &parties).await?;
    let (mut organizations, mut sequences, mut bought) = (Vec::new(), Vec::new(), Vec::new());
    for (sequence, parties) in parties {
        for (organization, contracts) in concerned(parties, |contract| buyers.get(&contract).copied()) {
            organizations.push(organization.as_str().to_owned());
            sequences.push(exact::<_, i64>(sequence));
            bought.push(array_text(&contracts));
        }
    }
    if organizations.is_empty() {
        return Ok(());
    }
    let statement = "INSERT INTO organization_events (organization, sequence, bought) \
                     SELECT organization, sequence, bought::uuid[] \
                     FROM unnest($1::text[], $2::bigint[], $3::text[]) AS o (organization, sequence, bought)";
    transaction.execute(statement, &[&organizations, &sequences, &bought]).await?;
    Ok(())
}

/// Finds the buyers of contracts whose buyers the events do not name.
async fn buyers(
    transaction: &Transaction<'_>,
    parties: &[(u64, Parties)],
) -> Result<BTreeMap<ContractId, OrganizationId>, JournalError> {
    let mut contracts: Vec<Uuid> =
        parties.iter().flat_map(|(_, parties)| &parties.bought).map(|contract| contract.uuid()).collect();
    contracts.sort_unstable();
    contracts.dedup();
    if contracts.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = transaction.query("SELECT id, buyer FROM contracts WHERE id = ANY($1)", &[&contracts]).await?;
    rows.iter().map(|row| Ok((row.read("id")?, row.read("buyer")?))).collect()
}

/// Formats the array as PostgreSQL writes it, for `unnest` cannot make rows of arrays; `None` for an empty one.
fn array_text(contracts: &[ContractId]) -> Option<String> {
    let texts: Vec<String> = contracts.iter().map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| format!("{{{}}}", texts.join(",")))
}
