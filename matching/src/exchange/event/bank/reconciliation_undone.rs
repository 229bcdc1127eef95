use ledger::{ClientId, Day, Fact, Label, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::bank::OwnReconciliation;
use crate::exchange::event::bank::reconciled::reconciled;
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, Parties, Reconciled};

/// A reconciliation was undone: its bookings are unexplained again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReconciliationUndone {
    /// Reconciliation that is undone, as it was recorded.
    pub undone: Reconciled,
    /// Reason given.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
    /// Day on which the books date it: that of what is undone, or the first of the open month. `None` in events of
    /// earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Day>,
    /// Sequence of the event that is undone; `None` in events of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<u64>,
    /// Client that entered it; `None` in events of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ClientId>,
}

impl EventType for ReconciliationUndone {
    const NAME: &'static str = "reconciliation_undone";
    const VERSION: u16 = 3;
    const READ_FROM: u16 = 1;
    const IS_ENTERED: bool = true;

    fn key(&self) -> EventKey {
        EventKey::BankAccount(self.undone.account)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.undone.reconciliation.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::named(&self.undone.organizations())
    }

    fn part_for(&self, reader: Reader<'_>) -> Part {
        Part::of(&OwnReconciliation::of(&self.undone, Some(&self.reason), reader.organization))
    }

    fn entered(&self) -> Option<Entered<'_>> {
        Some(Entered::by(self.by?).saying(&self.reason))
    }

    fn facts(&self, facts: &mut Facts<'_>) {
        let undone = reconciled(&self.undone);
        let undone = Fact::ReconciliationUndone { facts: &undone, event: self.corrects };
        facts.state(&undone, self.undone.currency, self.day.unwrap_or(facts.today));
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.bank.undo(self);
    }
}
