//! What an organization sees of lines that people have posted to its accounts.

use ledger::{Currency, Day, JournalId, JournalLine, Label, OrganizationId};
use serde::Serialize;

use crate::exchange::JournalApproved;

/// A manual journal, with one organization's own lines only.
#[derive(Serialize)]
pub(super) struct OwnJournal {
    journal: JournalId,
    day: Day,
    currency: Currency,
    lines: Vec<JournalLine>,
    text: Label,
}

impl OwnJournal {
    pub fn of(e: &JournalApproved, reader: OrganizationId) -> Self {
        let own = e.proposed.lines.iter().filter(|line| line.organization == Some(reader));
        Self {
            journal: e.proposed.journal,
            day: e.day,
            currency: e.proposed.currency,
            lines: own.copied().collect(),
            text: e.proposed.text.clone(),
        }
    }
}

impl JournalApproved {
    /// The organizations whose accounts it moves.
    pub fn organizations(&self) -> Vec<OrganizationId> {
        self.proposed.lines.iter().filter_map(|line| line.organization).collect()
    }
}
