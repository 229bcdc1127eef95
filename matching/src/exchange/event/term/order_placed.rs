use ledger::{Amount, Currency, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use uuid::Uuid;

use crate::billing::held_hours;
use crate::exchange::decide::digest;
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp, supply_of};
use crate::exchange::facts::{Facts, placed};
use crate::exchange::{Exchange, OrderSide, OrderTerms, Parties};
use crate::identity::OrderId;
use crate::keys::{MarketKey, OwnerKey};
use crate::market::least_common_multiple;
use crate::order::{Ask, Bid, BidTerms, ClientOrderId, Order, TimeInForce};
use crate::timeline::Timeline;
use crate::venue::Unfilled;

/// An order was placed. Trades of the same command follow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrderPlaced {
    /// Id of the order.
    pub order: OrderId,
    /// Organization that placed it.
    pub organization: OrganizationId,
    /// Caller's own name for it; `None` when it has none.
    pub client_order_id: Option<ClientOrderId>,
    /// Terms of the order.
    pub terms: OrderTerms,
    /// Currency of the market.
    pub currency: Currency,
    /// Amount that it sets aside; zero for an ask.
    pub hold: Amount,
    /// Reason why a bid does not fill whole at once; `None` when it does, and for an ask.
    pub unfilled: Option<Unfilled>,
}

impl EventType for OrderPlaced {
    const NAME: &'static str = "order_placed";
    const VERSION: u16 = 3;
    const READ_FROM: u16 = 1;

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
            OrderSide::Buy(options) => {
                let markets: SmallVec<[MarketKey; 2]> =
                    terms.markets().filter_map(|id| exchange.venue.key(id)).collect();
                let specs = || markets.iter().map(|key| &exchange.venue.at(*key).spec);
                let lot_size = specs().map(|spec| spec.lot_size).fold(1, least_common_multiple);
                let min_gpus = options.min_gpus.unwrap_or(lot_size);
                let stays = matches!(options.time_in_force, TimeInForce::Gtc | TimeInForce::Gtd);
                Order::Bid(Bid {
                    id: self.order,
                    priority: exchange.sequence,
                    organization: self.organization,
                    gpus: terms.gpus,
                    terms: BidTerms {
                        remaining: terms.gpus,
                        min_gpus,
                        lot_size,
                        all_or_none: min_gpus == terms.gpus && terms.gpus > lot_size,
                        window: terms.window,
                        limit_price: terms.limit_price,
                        placement: options.placement,
                        bound_to: None,
                    },
                    options,
                    gate_minutes: specs().map(|spec| spec.gate_minutes).max().unwrap_or_default(),
                    fee_bps_max: specs().map(crate::market::MarketSpec::fee_bps_max).max().unwrap_or_default(),
                    markets,
                    // A bid that fills whole at once has no reason why it did not.
                    stays: self.unfilled.is_some() && stays,
                    held_hours: held_hours(options.billing, terms.window),
                })
            }
            OrderSide::Sell { lot, contract, hours, self_trade_prevention } => {
                let Some(lot) = exchange.lot_of(supply_of(lot, contract)) else { return };
                let window = terms.window.hull();
                Order::Ask(Ask {
                    id: self.order,
                    priority: exchange.sequence,
                    organization: self.organization,
                    market,
                    lot,
                    gpus: terms.gpus,
                    limit_price: terms.limit_price,
                    window,
                    hours,
                    remaining: Timeline::flat(window, terms.gpus),
                    self_trade_prevention,
                    place_in_lot: 0,
                    owner: OwnerKey::default(),
                })
            }
        };
        exchange.rest(order);
    }
}
