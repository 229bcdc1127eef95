use ledger::{ContractId, Label, OrganizationId, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{DismissalCause, Exchange, Parties};
use crate::identity::OutageId;
use crate::market::MarketId;

/// An outage was withdrawn or ruled not to count.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutageDismissed {
    /// Outage that does not count.
    pub outage: OutageId,
    /// Contract that it was claimed on.
    pub contract: ContractId,
    /// Market in which the contract traded.
    pub market: MarketId,
    /// Buyer of the contract, who uses the GPUs.
    pub buyer: OrganizationId,
    /// Seller of the contract.
    pub seller: OrganizationId,
    /// Reason of the dismissal.
    pub cause: DismissalCause,
    /// Ruling of the operator; `None` for an outage that was withdrawn.
    #[serde(default, deserialize_with = "from_log")]
    pub ruling: Option<Label>,
}

impl EventType for OutageDismissed {
    const NAME: &'static str = "outage_dismissed";
    const VERSION: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::Market(self.market)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.outage.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::named(&[self.buyer, self.seller])
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::of(self)
    }

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.outages.remove(&self.outage);
        exchange.change_contract(self.contract, |contract| contract.outages.retain(|outage| outage.id != self.outage));
        exchange.forget_undisputed(self.contract);
    }
}
