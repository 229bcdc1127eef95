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

/// One side of a contract said that GPUs are out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutageOpened {
    /// The outage.
    pub outage: OutageId,
    /// The contract.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// Who uses them.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// Which of the two says so.
    pub opened_by: OrganizationId,
    /// How many of the contract's GPUs are out.
    pub gpus: u32,
    /// Since when.
    pub from: Instant,
    /// Until when; none while it lasts.
    pub until: Option<Instant>,
    /// What happened.
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
