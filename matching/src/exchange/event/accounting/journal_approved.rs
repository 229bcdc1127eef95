use ledger::{ClientId, Currency, Day, Fact, JournalId, JournalLine, Label, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, JournalProposed, Parties};

/// A second person approved a manual journal: its lines are in the books.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JournalApproved {
    /// Journal as it was proposed.
    pub proposed: JournalProposed,
    /// Client that approved it.
    pub by: ClientId,
    /// Day on which the books date it.
    pub day: Day,
}

impl JournalApproved {
    /// Returns the organizations whose accounts it moves.
    pub fn organizations(&self) -> Vec<OrganizationId> {
        self.proposed.lines.iter().filter_map(|line| line.organization).collect()
    }
}

impl EventType for JournalApproved {
    const NAME: &'static str = "journal_approved";
    const VERSION: u16 = 1;
    const IS_ENTERED: bool = true;

    fn key(&self) -> EventKey {
        EventKey::Ledger
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.proposed.journal.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::named(&self.organizations())
    }

    fn part_for(&self, reader: Reader<'_>) -> Part {
        Part::of(&OwnJournal::of(self, reader.organization))
    }

    fn entered(&self) -> Option<Entered<'_>> {
        let proposed = &self.proposed;
        Some(Entered { by: proposed.by, approved_by: Some(self.by), text: Some(&proposed.text) })
    }

    fn facts(&self, facts: &mut Facts<'_>) {
        let journal = Fact::ManualJournal { lines: &self.proposed.lines, corrects: self.proposed.corrects };
        facts.state(&journal, self.proposed.currency, self.day);
    }

    fn apply(&self, exchange: &mut Exchange, stamp: Stamp) {
        exchange.accounting.approve(self, stamp.sequence);
    }
}

/// Manual journal with one organization's own lines only.
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
