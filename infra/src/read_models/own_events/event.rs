//! An event as one organization sees it.

use ledger::{ContractId, Instant, OrganizationId};
use matching::Record;

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

impl OwnEvent {
    /// What an organization sees of an event, given which of the event's contracts it bought; `None` when that is nothing.
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
