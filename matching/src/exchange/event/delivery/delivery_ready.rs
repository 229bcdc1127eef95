use ledger::{ContractId, Instant, Label, OrganizationId, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};
use crate::market::MarketId;

/// The seller said that a contract's GPUs are ready, or where they are reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryReady {
    /// Contract that is delivered.
    pub contract: ContractId,
    /// Market in which it traded.
    pub market: MarketId,
    /// Buyer of the contract, who uses the GPUs.
    pub buyer: OrganizationId,
    /// Seller of the contract.
    pub seller: OrganizationId,
    /// Instant from which time counts as delivered, where the lot says that it does only then.
    pub ready: Instant,
    /// Address at which the GPUs are reached; `None` leaves it as it was.
    #[serde(default, deserialize_with = "from_log")]
    pub endpoint: Option<Label>,
}

impl EventType for DeliveryReady {
    const NAME: &'static str = "delivery_ready";
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
        exchange.change_contract(self.contract, |contract| contract.ready = Some(self.ready));
    }
}
