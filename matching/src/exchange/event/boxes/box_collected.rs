use ledger::deal::Collected;
use ledger::{Amount, BoxId, ClientId, Currency, Day, Fact, ItemName, Label, TransferId, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, Parties};
use crate::order::is_default;

/// A client paid a box, directly or through the exchange.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BoxCollected {
    /// Box that is paid.
    #[serde(rename = "box")]
    pub box_id: BoxId,
    /// Currency of the amount.
    pub currency: Currency,
    /// Client that entered it.
    pub by: ClientId,
    /// Name of the contract in the deal.
    pub contract: ItemName,
    /// Amount received, more than zero.
    pub amount: Amount,
    /// Day on which the money came.
    pub paid: Day,
    /// Day on which the books date it.
    pub day: Day,
    /// Reference that the bank gave.
    #[serde(deserialize_with = "from_log")]
    pub reference: Label,
    /// Transfer by which the operator paid over what a contract of the exchange earned; `None` where the client paid
    /// the box itself.
    #[serde(default, skip_serializing_if = "is_default")]
    pub transfer: Option<TransferId>,
}

impl BoxCollected {
    /// What was paid, as a run takes it up.
    pub(in crate::exchange) const fn collected(&self) -> Collected {
        Collected { paid: self.paid, amount: self.amount }
    }
}

impl EventType for BoxCollected {
    const NAME: &'static str = "box_collected";
    const VERSION: u16 = 2;
    const READ_FROM: u16 = 1;
    const IS_ENTERED: bool = true;

    fn key(&self) -> EventKey {
        EventKey::Box(self.box_id)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.box_id.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::default()
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::none()
    }

    fn entered(&self) -> Option<Entered<'_>> {
        Some(Entered::by(self.by))
    }

    fn facts(&self, facts: &mut Facts<'_>) {
        for fact in box_collected(self) {
            facts.state(&fact, self.currency, self.day);
        }
    }

    fn apply(&self, exchange: &mut Exchange, stamp: Stamp) {
        exchange.boxes.collect(self, stamp.sequence);
    }
}

/// Lists the facts of a collection. What the exchange pays over has an entry in the books of either side.
pub(super) fn box_collected(e: &BoxCollected) -> Vec<Fact<'static>> {
    let (box_id, contract, amount) = (e.box_id, e.contract, e.amount);
    let paid_over = e.transfer.map(|_| Fact::BoxPaidOver { box_id, amount });
    paid_over.into_iter().chain([Fact::BoxCollected { box_id, contract, amount }]).collect()
}
