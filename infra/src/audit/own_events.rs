//! Check of the index of organizations' own events: whom each event concerns, told from the log alone.

use std::collections::BTreeMap;

use ledger::{ContractId, Map, OrganizationId};
use matching::Record;

use super::AuditError;
use super::contracts::LoggedContract;
use super::copied::CopiedRow;
use super::report::{Finding, Outcome};
use super::snapshot::{Rows, Snapshot};
use super::to_u64;

/// Row of table `organization_events`.
pub(super) struct IndexedEvent {
    sequence: u64,
    organization: String,
    /// Contracts of the event that the organization bought, one after the other.
    bought: String,
}

/// Reads the index in the order of the log, and of organizations as they are compared here.
pub(super) async fn index(snapshot: &Snapshot) -> Result<Rows<IndexedEvent>, AuditError> {
    let query = "SELECT sequence, organization, coalesce(array_to_string(bought, ' '), '') FROM organization_events \
                 ORDER BY sequence, organization COLLATE \"C\"";
    snapshot.rows(query, read).await
}

fn read(row: &mut CopiedRow<'_>) -> Result<IndexedEvent, AuditError> {
    Ok(IndexedEvent {
        sequence: to_u64(row.value()?),
        organization: row.value::<&str>()?.to_owned(),
        bought: row.value::<&str>()?.to_owned(),
    })
}

/// Compares the rows of an event with the organizations that it concerns. `logged` has the contracts of the log up to the event.
pub(super) fn compare(
    rows: &mut Rows<IndexedEvent>,
    record: &Record,
    logged: &Map<ContractId, LoggedContract>,
    outcome: &mut Outcome,
) -> Result<(), AuditError> {
    let mut expected = concerned(record, logged);
    while rows.peek()?.is_some_and(|row| row.sequence <= record.sequence) {
        let Some(row) = rows.take()? else { break };
        outcome.compared += 1;
        let bought = if row.sequence == record.sequence { expected.remove(&row.organization) } else { None };
        match bought {
            Some(bought) => outcome.compare(|| place(row.sequence, &row.organization), bought, row.bought),
            None => unexplained(&row, outcome),
        }
    }
    for (organization, _) in expected {
        let (place, expected) = (place(record.sequence, &organization), "a row".to_owned());
        outcome.differ(|| Finding { place, expected, found: "none".to_owned() });
    }
    Ok(())
}

/// Names the rows that are left when the log has been followed to where the index is.
pub(super) fn finish(rows: &mut Rows<IndexedEvent>, outcome: &mut Outcome) -> Result<(), AuditError> {
    while let Some(row) = rows.take()? {
        outcome.compared += 1;
        unexplained(&row, outcome);
    }
    Ok(())
}

fn unexplained(row: &IndexedEvent, outcome: &mut Outcome) {
    let (place, expected) =
        (place(row.sequence, &row.organization), "no row: the event does not concern it".to_owned());
    outcome.differ(|| Finding { place, expected, found: "one".to_owned() });
}

fn place(sequence: u64, organization: &str) -> String {
    format!("organization_events, event {sequence} of {organization}")
}

/// The organizations that an event concerns, with the contracts that each bought of it. The read models have a fold of their own.
fn concerned(record: &Record, logged: &Map<ContractId, LoggedContract>) -> BTreeMap<String, String> {
    let parties = record.event.parties();
    let mut bought: BTreeMap<OrganizationId, Vec<String>> = BTreeMap::new();
    for organization in parties.organizations {
        bought.entry(organization).or_default();
    }
    for contract in parties.bought {
        if let Some(logged) = logged.get(&contract) {
            bought.entry(logged.trade.buyer).or_default().push(contract.to_string());
        }
    }
    bought.into_iter().map(|(organization, contracts)| (organization.to_string(), contracts.join(" "))).collect()
}
