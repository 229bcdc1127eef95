//! Why a bid did not fill, and what would have filled it.

use ledger::OrganizationId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Arrival, BidTerms, Hour, MarketId, Price, Venue, Window};

/// Why a bid, or part of it, did not fill.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Unfilled {
    /// The first cause, in the order of [`UnfilledReason`], whose removal alone would have filled the bid.
    pub reason: UnfilledReason,
    /// What would have filled it, where one change is enough.
    pub would_fill: Option<WouldFill>,
}

/// The causes, in the order in which they are tried.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnfilledReason {
    /// The limit is below what sellers ask.
    Price,
    /// The capacity is there, at other hours.
    Hours,
    /// There is not enough capacity.
    Quantity,
    /// The next candidate was the bidder's own ask.
    SelfTrade,
}

impl UnfilledReason {
    /// The cause in a sentence for the buyer.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Price => "The limit price is below what sellers ask for these hours.",
            Self::Hours => "These hours cannot carry the whole order; others can.",
            Self::Quantity => "Sellers do not have this many GPUs free in these hours.",
            Self::SelfTrade => "The order would have traded with an order of your own organization.",
        }
    }
}

/// One change that would have filled the bid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WouldFill {
    /// This limit price.
    LimitPrice(Price),
    /// This window, the nearest of the same length.
    Window(Window),
    /// This many GPUs.
    Gpus(u32),
}

impl Venue {
    /// Why a bid that arrives now does not fill whole; `earliest` is the first hour a bid may still start in.
    pub fn explain(&self, market: MarketId, bidder: OrganizationId, terms: &BidTerms, earliest: Hour) -> Unfilled {
        let fills = |changed: &BidTerms| {
            let plan = self.plan(market, bidder, changed, Arrival::Now);
            (plan.gpus() == changed.remaining).then_some(plan)
        };
        let unlimited = BidTerms { limit_price: Price::MAX, ..*terms };
        if let Some(plan) = fills(&unlimited) {
            let price = plan.executions.iter().map(|execution| execution.price).max();
            return Unfilled { reason: UnfilledReason::Price, would_fill: price.map(WouldFill::LimitPrice) };
        }
        let nearest = self.nearby_windows(market, terms, earliest).into_iter();
        if let Some(window) = nearest.map(|window| BidTerms { window, ..*terms }).find(|moved| fills(moved).is_some()) {
            return Unfilled { reason: UnfilledReason::Hours, would_fill: Some(WouldFill::Window(window.window)) };
        }
        let lot_size = self.market(market).map_or(1, |market| market.spec.lot_size);
        let min_gpus = if terms.all_or_none { lot_size } else { terms.min_gpus };
        let partial = BidTerms { all_or_none: false, min_gpus, ..*terms };
        let plan = self.plan(market, bidder, &partial, Arrival::Now);
        if plan.met_own_order {
            return Unfilled { reason: UnfilledReason::SelfTrade, would_fill: None };
        }
        let gpus = plan.gpus();
        Unfilled { reason: UnfilledReason::Quantity, would_fill: (gpus > 0).then_some(WouldFill::Gpus(gpus)) }
    }

    /// Windows of the same length where capacity begins or ends, nearest first, a bounded number of them.
    fn nearby_windows(&self, market: MarketId, terms: &BidTerms, earliest: Hour) -> Vec<Window> {
        /// How many windows are tried before the answer is that other hours would not help.
        const NEARBY_MAX: usize = 32;
        let hours = terms.window.hours();
        let mut starts: Vec<Hour> = Vec::new();
        for ask in self.asks(market).take_while(|ask| ask.limit_price <= terms.limit_price).take(NEARBY_MAX) {
            let Some(lot) = self.lot(ask.lot) else { continue };
            for (step, free) in lot.residual.steps().take(NEARBY_MAX) {
                if free > 0 {
                    starts.push(step.start().max(ask.window.start()));
                    starts.push(Hour::from_hours(step.end().min(ask.window.end()).hours().saturating_sub(hours)));
                }
            }
        }
        let wanted = terms.window.start();
        starts.retain(|start| *start >= earliest && *start != wanted);
        starts.sort_unstable_by_key(|start| (start.hours().abs_diff(wanted.hours()), *start));
        starts.dedup();
        starts.truncate(NEARBY_MAX);
        starts.into_iter().filter_map(|start| Window::new(start, start.plus(hours)).ok()).collect()
    }
}
