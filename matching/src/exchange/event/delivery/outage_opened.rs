use ledger::{ContractId, Instant, Label, OrganizationId, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};
use crate::identity::OutageId;
use crate::market::MarketId;
use crate::outage::{Outage, OutageStatus};

/// One side of a contract claimed that GPUs are out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutageOpened {
    /// Id of the outage.
    pub outage: OutageId,
    /// Contract whose GPUs are out.
    pub contract: ContractId,
    /// Market in which the contract traded.
    pub market: MarketId,
    /// Buyer of the contract, who uses the GPUs.
    pub buyer: OrganizationId,
    /// Seller of the contract.
    pub seller: OrganizationId,
    /// Side that claims it: buyer or seller.
    pub opened_by: OrganizationId,
    /// Number of the contract's GPUs that are out.
    pub gpus: u32,
    /// Start of the outage, inclusive.
    pub from: Instant,
    /// End of the outage, exclusive; `None` while it lasts.
    pub until: Option<Instant>,
    /// Description of what happened.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
}

impl EventType for OutageOpened {
    const NAME: &'static str = "outage_opened";
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
        let outage = Outage {
            id: self.outage,
            opened_by: self.opened_by,
            gpus: self.gpus,
            from: self.from,
            until: self.until,
            status: OutageStatus::Claimed,
        };
        exchange.outages.insert(self.outage, self.contract);
        exchange.change_contract(self.contract, |contract| contract.outages.push(outage));
    }
}
