use ledger::{ClientId, Currency, Day, JournalId, JournalLine, Label, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, Parties};

/// A manual journal was proposed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JournalProposed {
    /// Id of the journal.
    pub journal: JournalId,
    /// Client that proposed it.
    pub by: ClientId,
    /// Day on which the books are to date it; `None` for the day of the approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Day>,
    /// Currency of all lines.
    pub currency: Currency,
    /// Lines, which add up to zero.
    pub lines: Vec<JournalLine>,
    /// Purpose of the journal.
    #[serde(deserialize_with = "from_log")]
    pub text: Label,
    /// Sequence of the event whose entries it corrects; `None` when it corrects nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<u64>,
}

impl EventType for JournalProposed {
    const NAME: &'static str = "journal_proposed";
    const VERSION: u16 = 1;
    const IS_ENTERED: bool = true;

    fn key(&self) -> EventKey {
        EventKey::Ledger
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.journal.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::default()
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::none()
    }

    fn entered(&self) -> Option<Entered<'_>> {
        Some(Entered::by(self.by).saying(&self.text))
    }

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.accounting.propose(self);
    }
}
