use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};
use crate::market::MarketId;
use crate::venue::PriceBand;

/// The price band of a market, its guard against mistyped prices, was set or lifted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PriceBandSet {
    /// Market of the band.
    pub market: MarketId,
    /// Largest distance of a limit from the last price; `None` lifts the band.
    pub band: Option<PriceBand>,
}

impl EventType for PriceBandSet {
    const NAME: &'static str = "price_band_set";
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
        exchange.change_market(self.market, |market| market.price_band = self.band);
    }
}
