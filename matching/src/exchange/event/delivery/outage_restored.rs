use ledger::{ContractId, Instant, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};
use crate::identity::OutageId;
use crate::market::MarketId;

/// An outage ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutageRestored {
    /// The outage.
    pub outage: OutageId,
    /// The contract.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// Who uses the GPUs.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// When it ended.
    pub until: Instant,
}

impl EventType for OutageRestored {
    const NAME: &'static str = "outage_restored";
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
        exchange.change_outage(self.contract, self.outage, |outage| outage.until = Some(self.until));
    }
}
