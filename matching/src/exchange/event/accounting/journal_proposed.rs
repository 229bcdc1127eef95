use ledger::{ClientId, Currency, Day, JournalId, JournalLine, Label, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, Parties};

/// Somebody proposed lines for the books.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JournalProposed {
    /// Its id.
    pub journal: JournalId,
    /// Who proposed it.
    pub by: ClientId,
    /// The day it is to be dated; that of its approval when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Day>,
    /// The lines' currency.
    pub currency: Currency,
    /// The lines, which come to zero.
    pub lines: Vec<JournalLine>,
    /// What it is for.
    #[serde(deserialize_with = "from_log")]
    pub text: Label,
    /// The event whose entries it corrects.
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
