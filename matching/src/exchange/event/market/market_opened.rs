use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};
use crate::market::MarketSpec;

/// A market opened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MarketOpened {
    /// Terms on which it trades.
    pub market: MarketSpec,
}

impl EventType for MarketOpened {
    const NAME: &'static str = "market_opened";
    const VERSION: u16 = 2;
    const READ_FROM: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::Market(self.market.id)
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
        exchange.venue.open(self.market.clone());
    }
}
