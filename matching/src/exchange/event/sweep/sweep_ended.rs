use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};
use crate::market::MarketId;

/// A sweep that had paused came to its end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SweepEnded {
    /// Market in which the bids rest.
    pub market: MarketId,
    /// Sequence of the [`SweepPaused`](crate::exchange::SweepPaused) from which it had gone on.
    pub begun: u64,
}

impl EventType for SweepEnded {
    const NAME: &'static str = "sweep_ended";
    const VERSION: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::Market(self.market)
    }

    fn subject(&self) -> Option<Uuid> {
        None
    }

    fn parties(&self) -> Parties {
        Parties::default()
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::of(self)
    }

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        drop(exchange.unfinished.remove(&self.begun));
    }
}
