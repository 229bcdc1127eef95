use ledger::OrganizationId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};
use crate::hours::Hour;
use crate::identity::OrderId;
use crate::market::MarketId;

/// A spot buyer loses GPUs at the end of the hour in progress, which stays firm.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotInterrupted {
    /// Bid that loses them.
    pub order: OrderId,
    /// Organization that placed it.
    pub organization: OrganizationId,
    /// Market in which it trades.
    pub market: MarketId,
    /// Hour from whose start on they are lost.
    pub hour: Hour,
    /// Number of GPUs that are lost.
    pub gpus: u32,
    /// Number of GPUs that stay.
    pub gpus_kept: u32,
}

impl EventType for SpotInterrupted {
    const NAME: &'static str = "spot_interrupted";
    const VERSION: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::Market(self.market)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.order.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::named(&[self.organization])
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::of(self)
    }

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, _: &mut Exchange, _: Stamp) {}
}
