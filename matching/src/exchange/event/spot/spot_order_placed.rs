use ledger::{Amount, Currency, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::decide::digest;
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp, supply_of};
use crate::exchange::facts::{Facts, placed};
use crate::exchange::{Exchange, Parties, SpotSide, SpotTerms};
use crate::identity::OrderId;
use crate::order::{ClientOrderId, Order, SpotAsk, SpotBid};

/// A spot order was placed. What it buys of the hours in progress follows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotOrderPlaced {
    /// Id of the order.
    pub order: OrderId,
    /// Organization that placed it.
    pub organization: OrganizationId,
    /// Caller's own name for it; `None` when it has none.
    pub client_order_id: Option<ClientOrderId>,
    /// Terms of the order.
    pub terms: SpotTerms,
    /// Currency of the market.
    pub currency: Currency,
    /// Amount that it sets aside, for its next hour and for what it buys now; zero for an ask.
    pub hold: Amount,
}

impl EventType for SpotOrderPlaced {
    const NAME: &'static str = "spot_order_placed";
    const VERSION: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::Market(self.terms.market)
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
        let terms = &self.terms;
        exchange.name_order(self.organization, self.client_order_id, self.order, || digest(terms));
        let Some(market) = exchange.venue.key(terms.market) else { return };
        let order = match terms.side {
            SpotSide::Buy { min_gpus } => Order::SpotBid(SpotBid {
                id: self.order,
                priority: exchange.sequence,
                organization: self.organization,
                market,
                gpus: terms.gpus,
                min_gpus,
                limit_price: terms.limit_price,
                suspended: false,
            }),
            SpotSide::Sell { lot, contract, window } => {
                let Some(lot) = exchange.lot_of(supply_of(lot, contract)) else { return };
                Order::SpotAsk(SpotAsk {
                    id: self.order,
                    priority: exchange.sequence,
                    organization: self.organization,
                    market,
                    lot,
                    gpus: terms.gpus,
                    limit_price: terms.limit_price,
                    window,
                    place_in_lot: 0,
                })
            }
        };
        exchange.rest(order);
        exchange.schedule_gate(market);
    }
}
