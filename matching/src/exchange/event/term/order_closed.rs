use ledger::{Amount, Currency, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::{Facts, voided};
use crate::exchange::{CloseReason, Exchange, Parties};
use crate::identity::OrderId;
use crate::market::MarketId;

/// An order ended with a part of it unfilled.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrderClosed {
    /// Order that ended.
    pub order: OrderId,
    /// Organization that placed it.
    pub organization: OrganizationId,
    /// Market in which it traded; of a bid in several markets, the first.
    pub market: MarketId,
    /// Reason of the end.
    pub reason: CloseReason,
    /// Currency of the market.
    pub currency: Currency,
    /// Amount that it still had set aside, given back; zero for an ask.
    pub hold_released: Amount,
}

impl EventType for OrderClosed {
    const NAME: &'static str = "order_closed";
    const VERSION: u16 = 3;
    const READ_FROM: u16 = 1;

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
        drop(exchange.end_order(self.order));
    }
}
