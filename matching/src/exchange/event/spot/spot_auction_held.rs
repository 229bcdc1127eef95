use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};
use crate::hours::Hour;
use crate::market::MarketId;
use crate::price::Price;

/// A market's auction for an hour was held.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotAuctionHeld {
    /// Market of the auction.
    pub market: MarketId,
    /// Hour that was auctioned.
    pub hour: Hour,
    /// Clearing price, which is the market's spot index for the hour; `None` when no bid reached an ask.
    pub price: Option<Price>,
    /// Number of GPUs sold.
    pub gpus: u32,
    /// Number of GPUs bid for, at any price.
    pub gpus_bid: u64,
    /// Number of GPUs on offer, at any price.
    pub gpus_offered: u64,
}

impl EventType for SpotAuctionHeld {
    const NAME: &'static str = "spot_auction_held";
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
        exchange.change_market(self.market, |market| market.spot.last_price = self.price.or(market.spot.last_price));
        exchange.pass_gate(self.market, self.hour, |hour| hour.price = self.price);
    }
}
