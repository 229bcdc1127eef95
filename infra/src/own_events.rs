//! An organization's own events, as it may see them: read from the log along the index that the projector keeps.
//!
//! What of an event is whose is said in one place, [`matching::Event::part_of`].

use ledger::{ContractId, Instant, OrganizationId};
use matching::Event;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::journal::{JournalError, instant, stored};

/// An event as one organization sees it.
#[derive(Clone, Debug)]
pub struct OwnEvent {
    /// Its place in the log.
    pub sequence: u64,
    /// When it happened.
    pub at: Instant,
    /// The type's name.
    pub name: &'static str,
    /// The version of the type's form.
    pub version: u16,
    /// What the organization may see of its content.
    pub data: serde_json::Value,
}

/// The columns that [`read_own_event`] reads, of `events e` joined with `organization_events o`.
pub(crate) const COLUMNS: &str = "e.sequence, e.at, e.type, e.version, e.content::text, o.bought";

/// The events of `organization` after the event `after`, at most `limit` of them.
///
/// # Errors
/// [`JournalError`] when the database cannot be read or holds what no organization's event can be.
pub async fn own_events(
    client: &Client,
    organization: OrganizationId,
    after: i64,
    limit: i64,
) -> Result<Vec<OwnEvent>, JournalError> {
    let statement = format!(
        "SELECT {COLUMNS} FROM organization_events o JOIN events e ON e.sequence = o.sequence \
         WHERE o.organization = $1 AND o.sequence > $2 ORDER BY o.sequence LIMIT $3"
    );
    let rows = client.query(&statement, &[&organization.as_str(), &after, &limit]).await?;
    rows.iter().map(|row| read_own_event(row, organization)).collect()
}

/// The event of a row whose first columns are [`COLUMNS`].
pub(crate) fn read_own_event(row: &Row, organization: OrganizationId) -> Result<OwnEvent, JournalError> {
    let version = stored("the version of an event", row.get::<_, i16>(3))?;
    let event = Event::decode(row.get(2), version, row.get::<_, &str>(4).as_bytes())?;
    let sequence = stored("the sequence of an event", row.get::<_, i64>(0))?;
    let bought: Vec<ContractId> =
        row.get::<_, Option<Vec<Uuid>>>(5).unwrap_or_default().into_iter().map(ContractId::new).collect();
    let misplaced = || JournalError::Damaged(format!("event {sequence} does not concern {organization}"));
    Ok(OwnEvent {
        sequence,
        at: instant(row.get(1))?,
        name: event.name(),
        version,
        data: event.part_of(organization, &bought).ok_or_else(misplaced)?,
    })
}
