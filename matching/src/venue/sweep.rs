//! Sweeps: which resting bids a new offer may serve, one after the other in the order of their ranks.

use super::{BidRung, Venue};
use crate::frontier::Need;
use crate::hours::Window;
use crate::identity::OrderId;
use crate::keys::{LotKey, MarketKey};
use crate::order::{Bid, HoursRange, Rank};
use crate::price::Price;

/// Offer that has come to the book, or come back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Offer {
    /// Ask that is new, or better than before.
    Ask(OrderId),
    /// Capacity of a lot.
    Lot(LotKey),
    /// Market that trades again.
    Market(MarketKey),
    /// Resting asks, for this bid alone.
    ToBid(OrderId),
}

/// Place in the ranking that a sweep has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor(Rank);

impl Cursor {
    /// Makes a cursor behind the bid with this limit and this place in time.
    pub fn behind(limit_price: Price, priority: u64) -> Self {
        Self((-limit_price.micros(), priority))
    }
}

impl Venue {
    /// Returns the next bid after `cursor` that the offer may serve. The planner decides whether it trades.
    pub fn next_bid_for(&self, offer: Offer, cursor: Option<Cursor>) -> Option<&Bid> {
        let after = cursor.map(|Cursor(rank)| rank);
        let mut lengths = HoursRange { min: 0, max: u32::MAX };
        let (market, worst, window, lot) = match offer {
            Offer::Ask(id) => {
                let ask = self.ask(id)?;
                lengths = ask.hours;
                (ask.market, ask.limit_price.micros(), Some(ask.window), Some(ask.lot))
            }
            Offer::Lot(key) => {
                let asks = self.shelves[key.0 as usize].asks.iter().filter_map(|order| self.ask_at(*order));
                let best = asks.min_by_key(|ask| ask.limit_price)?;
                (best.market, best.limit_price.micros(), Some(self.lot_at(key).window), Some(key))
            }
            Offer::Market(key) => (key, 1, None, None),
            Offer::ToBid(order) => {
                return self.bid(order).filter(|_| after.is_none());
            }
        };
        let anything = Need { hours_min: lengths.min, hours_max: lengths.max, ..Need::ANYTHING };
        let need = window.map_or(anything, |window| {
            let (by, until) = (window.end().hours(), window.start().hours());
            Need { by, until, ..anything }
        });
        let unit = lot.map_or(1, |lot| self.shelves[lot.0 as usize].unit);
        let fits = |rung: &BidRung| match (window, lot) {
            (Some(window), Some(lot)) => may_fit(rung, window) && self.may_carry(rung, lot, unit),
            _ => true,
        };
        let mut bids = self.at(market).bids.scan(after, -worst, need).filter(|rung| fits(rung));
        bids.find_map(|rung| self.bid_at(rung.order))
    }

    /// Returns whether the lot has something free for an exact bid; flexible ones are left to the plan.
    fn may_carry(&self, rung: &BidRung, lot: LotKey, unit: u32) -> bool {
        rung.earliest != rung.latest || {
            let window = Window::between(rung.earliest, rung.earliest.plus(rung.hours));
            self.lot_at(lot).residual.min_over(window) >= unit
        }
    }
}

/// Returns whether some window of the bid lies within `window`.
fn may_fit(rung: &BidRung, window: Window) -> bool {
    rung.earliest.max(window.start()).plus(rung.hours) <= window.end() && rung.latest >= window.start()
}
