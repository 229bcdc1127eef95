//! Events as one organization sees them.

use ledger::{ContractId, Instant, OrganizationId};
use matching::Record;

/// Event as one organization sees it.
#[derive(Clone, Debug)]
pub struct OwnEvent {
    /// Sequence in the log.
    pub sequence: u64,
    /// Instant at which it happened.
    pub at: Instant,
    /// Name of the type.
    pub name: &'static str,
    /// Version of the type's form.
    pub version: u16,
    /// Content that the organization may see.
    pub data: serde_json::Value,
}

impl OwnEvent {
    /// Makes what an organization sees of an event, given which of the event's contracts it bought; `None` when that is
    /// nothing.
    pub fn of(record: &Record, organization: OrganizationId, bought: &[ContractId]) -> Option<Self> {
        let event = &record.event;
        Some(Self {
            sequence: record.sequence,
            at: record.at,
            name: event.name(),
            version: event.version(),
            data: event.part_of(organization, bought)?,
        })
    }
}
