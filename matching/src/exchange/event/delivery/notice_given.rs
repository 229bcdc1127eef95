use ledger::{ContractId, Label, OrganizationId, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};
use crate::hours::Hour;
use crate::market::MarketId;

/// A buyer ended a contract because of its outages. The hour in progress is its last.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NoticeGiven {
    /// Contract that ends.
    pub contract: ContractId,
    /// Market in which it traded.
    pub market: MarketId,
    /// Buyer of the contract, who gives notice.
    pub buyer: OrganizationId,
    /// Seller of the contract.
    pub seller: OrganizationId,
    /// First hour that is not delivered any more.
    pub ends: Hour,
    /// Reason given.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
}

impl EventType for NoticeGiven {
    const NAME: &'static str = "notice_given";
    const VERSION: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::Market(self.market)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.contract.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::named(&[self.buyer, self.seller])
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::of(self)
    }

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.reschedule_charge(self.contract, |contract| {
            contract.ends = Some(self.ends);
            contract.next_charge = Some(self.ends.start());
        });
    }
}
