use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, MissedCause, Parties};
use crate::hours::Hour;
use crate::market::MarketId;

/// A market's auction for an hour was void: the hour is neither sold nor billed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotAuctionMissed {
    /// Market of the auction.
    pub market: MarketId,
    /// Hour that was to be auctioned.
    pub hour: Hour,
    /// Reason why it was void.
    pub cause: MissedCause,
}

impl EventType for SpotAuctionMissed {
    const NAME: &'static str = "spot_auction_missed";
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
        exchange.pass_gate(self.market, self.hour, |hour| hour.void = true);
    }
}
