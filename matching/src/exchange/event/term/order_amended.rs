use ledger::{Amount, Currency, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::billing::held_hours;
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::{Facts, placed, voided};
use crate::exchange::{Exchange, Parties};
use crate::hours::TermWindow;
use crate::identity::OrderId;
use crate::market::MarketId;
use crate::order::Order;
use crate::price::Price;
use crate::timeline::Timeline;
use crate::venue::Unfilled;

/// An order was changed. Trades of the same command follow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrderAmended {
    /// Order that is changed.
    pub order: OrderId,
    /// Organization that placed it.
    pub organization: OrganizationId,
    /// Market in which it trades; of a bid in several markets, the first.
    pub market: MarketId,
    /// Number of GPUs, those already traded included.
    pub gpus: u32,
    /// Smallest number of GPUs of a bid in one trade; `None` for an ask.
    pub min_gpus: Option<u32>,
    /// Worst price per GPU-hour that it accepts.
    pub limit_price: Price,
    /// Hours to buy, or on offer; `None` for a spot bid.
    pub window: Option<TermWindow>,
    /// Whether it keeps its place in time.
    pub keeps_priority: bool,
    /// Currency of the market.
    pub currency: Currency,
    /// Amount that it sets aside in addition.
    pub hold_placed: Amount,
    /// Amount that it does not need any more, given back.
    pub hold_released: Amount,
    /// Reason why a bid that arrives anew does not fill whole at once; `None` when it does, or keeps its place.
    pub unfilled: Option<Unfilled>,
}

impl EventType for OrderAmended {
    const NAME: &'static str = "order_amended";
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
        facts.state_nonzero(self.hold_placed, placed(self.organization, self.hold_placed), self.currency);
        facts.state_nonzero(self.hold_released, voided(self.organization, self.hold_released), self.currency);
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        let Some(order) = exchange.venue.order(self.order) else { return };
        let market = order.market();
        let sequence = exchange.sequence;
        exchange.venue.amend(self.order, |order| {
            let priority = match order {
                Order::Bid(bid) => {
                    bid.terms.remaining = self.gpus - (bid.gpus - bid.terms.remaining);
                    bid.gpus = self.gpus;
                    bid.terms.min_gpus = self.min_gpus.unwrap_or(bid.terms.min_gpus);
                    bid.terms.limit_price = self.limit_price;
                    bid.terms.window = self.window.unwrap_or(bid.terms.window);
                    bid.held_hours = held_hours(bid.options.billing, bid.terms.window);
                    &mut bid.priority
                }
                Order::Ask(ask) => {
                    let window = self.window.map_or(ask.window, crate::hours::TermWindow::hull);
                    let mut remaining = Timeline::flat(window, self.gpus);
                    for (step, left) in ask.remaining.steps() {
                        if let Some(step) = step.intersection(window) {
                            remaining.take(step, ask.gpus - left);
                        }
                    }
                    (ask.window, ask.gpus, ask.limit_price, ask.remaining) =
                        (window, self.gpus, self.limit_price, remaining);
                    &mut ask.priority
                }
                Order::SpotBid(bid) => {
                    (bid.gpus, bid.limit_price) = (self.gpus, self.limit_price);
                    bid.min_gpus = self.min_gpus.unwrap_or(bid.min_gpus);
                    &mut bid.priority
                }
                Order::SpotAsk(ask) => {
                    (ask.gpus, ask.limit_price) = (self.gpus, self.limit_price);
                    ask.window = self.window.map_or(ask.window, crate::hours::TermWindow::hull);
                    &mut ask.priority
                }
            };
            if !self.keeps_priority {
                *priority = sequence;
            }
        });
        exchange.move_expiry(self.order);
        exchange.schedule_gate(market);
    }
}
