use ledger::{Amount, Currency, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::{Facts, voided};
use crate::exchange::{Exchange, Parties};
use crate::identity::OrderId;
use crate::market::MarketId;

/// A spot bid waits for funds and takes no part in auctions until it has them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotBidSuspended {
    /// Bid that waits.
    pub order: OrderId,
    /// Organization that placed it.
    pub organization: OrganizationId,
    /// Market in which it trades.
    pub market: MarketId,
    /// Currency of the market.
    pub currency: Currency,
    /// Amount that it had set aside, given back.
    pub hold_released: Amount,
}

impl EventType for SpotBidSuspended {
    const NAME: &'static str = "spot_bid_suspended";
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
        facts.state_nonzero(self.hold_released, voided(self.organization, self.hold_released), self.currency);
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.suspend_bid(self.order, true);
    }
}
