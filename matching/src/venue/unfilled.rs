//! Why a bid did not fill, and what would have filled it.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MarketKey, OwnOrders, Plan, Search, Venue};
use crate::frontier::Need;
use crate::{Ask, BidTerms, Hour, Placement, Price, Window};

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
    /// The market is halted.
    Closed,
    /// The limit is below what sellers ask.
    Price,
    /// The capacity is there, at other hours or for another length.
    Hours,
    /// There is not enough capacity, or too little in one place for the smallest trade that the bid allows.
    Quantity,
    /// No single lot has enough; several together do.
    Fabric,
    /// No single provider has enough; several together do.
    Provider,
    /// It would have filled at once, which a post-only bid does not.
    PostOnly,
    /// It would have traded with an order of the same organization.
    SelfTrade,
}

impl UnfilledReason {
    /// The cause in a sentence for the buyer.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Closed => "The market is halted; the order can trade when it resumes.",
            Self::Price => "The limit price is below what sellers ask for these hours.",
            Self::Hours => "Sellers do not offer these hours to the whole order; they do offer others.",
            Self::Quantity => {
                "Sellers do not have this many GPUs free in these hours, or not min_gpus of them in one trade."
            }
            Self::Fabric => "No single lot has this many GPUs; several lots together do.",
            Self::Provider => "No single provider has this many GPUs; several providers together do.",
            Self::PostOnly => "The order would have traded at once, which post_only forbids.",
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
    /// This window, the nearest.
    Window(Window),
    /// This many GPUs.
    Gpus(u32),
}

/// How many asks are looked at for other hours: the cheapest. An answer costs no more than so many plans.
const ASKS_MAX: usize = 16;
/// How many other windows are tried: the nearest.
const WINDOWS_MAX: usize = 16;

impl Venue {
    /// Why a bid that arrives now does not fill whole. `search` is as it arrives; a halted market or a post-only wish is for
    /// the caller to see. `markets` are all that the bid names, halted ones included: its limit is on the tick of each.
    pub fn explain(&self, search: &Search<'_>, markets: &[MarketKey]) -> Unfilled {
        if let Some(plan) = self.fills(search, &BidTerms { limit_price: Price::MAX, ..*search.terms }) {
            let price = self.limit_of(&plan, markets);
            return Unfilled { reason: UnfilledReason::Price, would_fill: price.map(WouldFill::LimitPrice) };
        }
        if let Some(window) = self.nearest_window(search) {
            return Unfilled { reason: UnfilledReason::Hours, would_fill: Some(WouldFill::Window(window)) };
        }
        // What there is at all, were it nobody's own and in one place.
        let anywhere = BidTerms { placement: Placement::Any, bound_to: None, ..*search.terms };
        let anyones = Search { own: OwnOrders::Trade, ..*search };
        if self.fills(&anyones, &anywhere).is_some() {
            if self.fills(search, &anywhere).is_some() {
                let reason = match search.terms.placement {
                    Placement::OneProvider => UnfilledReason::Provider,
                    Placement::Any | Placement::OneFabric => UnfilledReason::Fabric,
                };
                return Unfilled { reason, would_fill: self.most(search) };
            }
            if self.fills(&anyones, search.terms).is_some() {
                return Unfilled { reason: UnfilledReason::SelfTrade, would_fill: None };
            }
        }
        Unfilled { reason: UnfilledReason::Quantity, would_fill: self.most(search) }
    }

    /// The lowest limit, on the tick of each of these markets, that reaches all trades of a plan.
    pub(crate) fn limit_of(&self, plan: &Plan, markets: &[MarketKey]) -> Option<Price> {
        let worst = plan.executions.iter().map(|execution| execution.price).max()?;
        worst.up_to(markets.iter().map(|key| self.at(*key).spec.price_tick))
    }

    /// The plan of changed terms, if it fills them.
    fn fills(&self, search: &Search<'_>, terms: &BidTerms) -> Option<Plan> {
        let plan = self.plan(&Search { terms, ..*search });
        (plan.gpus() == terms.remaining).then_some(plan)
    }

    /// The most GPUs that the bid could have had in its hours at its price.
    fn most(&self, search: &Search<'_>) -> Option<WouldFill> {
        let min_gpus = if search.terms.all_or_none { search.terms.lot_size } else { search.terms.min_gpus };
        let terms = BidTerms { all_or_none: false, min_gpus, ..*search.terms };
        let gpus = self.plan(&Search { terms: &terms, ..*search }).gpus();
        (gpus > 0).then_some(WouldFill::Gpus(gpus))
    }

    /// The nearest window that fills the bid: of the same length first, then from the same start with another length.
    fn nearest_window(&self, search: &Search<'_>) -> Option<Window> {
        let (wanted, hours) = (search.terms.window, search.terms.window.hours());
        let first = wanted.earliest().max(search.first_start);
        let away = |start: Hour| match () {
            () if start < wanted.earliest() => wanted.earliest().hours() - start.hours(),
            () => start.hours().saturating_sub(wanted.latest().hours()),
        };
        let (mut starts, mut lengths) = (BTreeSet::new(), BTreeSet::new());
        for ask in self.asks_near(search) {
            let remnant = self.lot_at(ask.lot).min_remnant_hours;
            for edge in self.edges(ask) {
                starts.extend([edge, edge.plus(remnant), edge.back(hours), edge.back(hours).back(remnant)]);
                lengths.extend([edge, edge.back(remnant)].map(|end| end.hours().saturating_sub(first.hours())));
            }
            lengths.extend([ask.hours.min, ask.hours.max]);
        }
        starts.retain(|start| *start >= search.first_start);
        lengths.retain(|length| *length != hours);
        let mut starts: Vec<Hour> = starts.into_iter().filter(|start| away(*start) > 0).collect();
        starts.sort_by_key(|start| away(*start));
        let mut lengths: Vec<u32> = lengths.into_iter().collect();
        lengths.sort_by_key(|length| length.abs_diff(hours));
        let moved = starts.into_iter().take(WINDOWS_MAX).map(|start| (start, hours));
        let resized = lengths.into_iter().take(WINDOWS_MAX).map(|length| (first, length));
        let windows = moved.chain(resized).filter_map(|(start, hours)| Window::new(start, start.plus(hours)).ok());
        windows.into_iter().find(|window| {
            let terms = BidTerms { window: (*window).into(), ..*search.terms };
            self.fills(search, &terms).is_some()
        })
    }

    /// The cheapest asks that the limit reaches, for whatever hours.
    fn asks_near(&self, search: &Search<'_>) -> impl Iterator<Item = &Ask> {
        // What is looked at must not depend on whether an ask's spans have been measured since a sale.
        let asks = self.candidates(search, Need::ANYTHING).filter_map(|(_, rung)| self.ask_at(rung.order));
        asks.filter(|ask| self.has_hours_left(ask)).take(ASKS_MAX)
    }
}
