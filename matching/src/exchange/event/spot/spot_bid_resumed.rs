use ledger::{Amount, Currency, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::{Facts, placed};
use crate::exchange::{Exchange, Parties};
use crate::identity::OrderId;
use crate::market::MarketId;

/// A spot bid has funds again and takes part in auctions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotBidResumed {
    /// Bid that takes part again.
    pub order: OrderId,
    /// Organization that placed it.
    pub organization: OrganizationId,
    /// Market in which it trades.
    pub market: MarketId,
    /// Currency of the market.
    pub currency: Currency,
    /// Amount that it sets aside for its next hour.
    pub hold: Amount,
}

impl EventType for SpotBidResumed {
    const NAME: &'static str = "spot_bid_resumed";
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

    fn facts(&self, facts: &mut Facts<'_>) {
        facts.state_nonzero(self.hold, placed(self.organization, self.hold), self.currency);
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.suspend_bid(self.order, false);
    }
}
