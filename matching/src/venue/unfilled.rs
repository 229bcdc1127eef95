//! Explanations: why a bid did not fill, and what would have filled it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::{OwnOrders, Plan, Search, Venue, WorkBudget};
use crate::frontier::Need;
use crate::hours::{Hour, Window};
use crate::keys::MarketKey;
use crate::order::{Ask, BidTerms, Placement};
use crate::price::Price;
use crate::timeline::Timeline;

/// Reason why a bid, or a part of it, did not fill.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Unfilled {
    /// First cause, in the order of [`UnfilledReason`], whose removal alone would have filled the bid.
    pub reason: UnfilledReason,
    /// Change that would have filled it; `None` where no single one does.
    pub would_fill: Option<WouldFill>,
}

/// Cause of an unfilled bid, in the order in which they are tried.
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
    /// The search ended before it had looked at every ask, or before it was known what would fill the bid.
    SearchLimit,
}

impl UnfilledReason {
    /// Returns the cause in a sentence for the buyer.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Closed => "The market is halted; the order can trade when it resumes.",
            Self::Price => "The limit price is below what sellers ask for these hours.",
            Self::Hours => "Sellers do not offer these hours to the whole order; they do offer others.",
            Self::Quantity => {
                "No single change of price, hours or placement would fill this many GPUs, or min_gpus of them in one trade."
            }
            Self::Fabric => "No single lot has this many GPUs; several lots together do.",
            Self::Provider => "No single provider has this many GPUs; several providers together do.",
            Self::PostOnly => "The order would have traded at once, which post_only forbids.",
            Self::SelfTrade => "The order would have traded with an order of your own organization.",
            Self::SearchLimit => {
                "There are more asks for these hours than one search looks at; a narrower window, or a smaller order, may fill."
            }
        }
    }
}

/// Single change that would have filled the bid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WouldFill {
    /// Limit price that would have.
    LimitPrice(Price),
    /// Nearest window that would have.
    Window(Window),
    /// Number of GPUs that would have.
    Gpus(u32),
}

/// Largest number of asks that are looked at for other hours: the cheapest. An answer costs no more than so many plans.
const ASKS_MAX: usize = 8;
/// Largest number of other windows that are tried: the nearest.
const WINDOWS_MAX: usize = 8;
/// Largest number of quantities that are tried.
const QUANTITIES_MAX: usize = 8;

/// Bid that does not fill whole, and what may be spent to say why.
struct Explanation<'a> {
    venue: &'a Venue,
    search: Search<'a>,
    /// Number of candidates that its plans may look at: together, and in each.
    left: u32,
    whole: u32,
}

/// Error: a plan met its budget, so that the cause is not known.
struct Limited;

impl Venue {
    /// Explains why a bid that arrives now does not fill whole. `search` is as it arrives and `found` its plan; the
    /// caller checks post-only. `markets` are all that the bid names, halted ones included: its limit is on the tick of
    /// each.
    ///
    /// Looks at no more than `candidates` in all, and answers [`UnfilledReason::SearchLimit`] where that is not enough.
    pub fn explain(&self, search: &Search<'_>, found: &Plan, markets: &[MarketKey], candidates: u32) -> Unfilled {
        let limited = Unfilled { reason: UnfilledReason::SearchLimit, would_fill: None };
        if found.limited.is_some() {
            return limited;
        }
        let mut explanation = Explanation { venue: self, search: *search, left: candidates, whole: candidates };
        match explanation.explain(found, markets) {
            Ok(unfilled) => unfilled,
            Err(Limited) => limited,
        }
    }

    /// Returns the lowest limit, on the tick of each of these markets, that reaches all trades of a plan.
    pub(crate) fn limit_of(&self, plan: &Plan, markets: &[MarketKey]) -> Option<Price> {
        let worst = plan.executions.iter().map(|execution| execution.price).max()?;
        worst.up_to(markets.iter().map(|key| self.at(*key).spec.price_tick))
    }

    /// Iterates over the cheapest asks that the limit reaches, for whatever hours.
    fn asks_near(&self, search: &Search<'_>) -> impl Iterator<Item = &Ask> {
        // What is looked at must not depend on whether an ask's spans have been measured since a sale.
        let asks = self.candidates(search, None, Need::ANYTHING).filter_map(|rung| self.ask_at(rung.order));
        asks.filter(|ask| self.has_hours_left(ask)).take(ASKS_MAX)
    }
}

impl Explanation<'_> {
    fn explain(&mut self, found: &Plan, markets: &[MarketKey]) -> Result<Unfilled, Limited> {
        let (search, terms) = (self.search, *self.search.terms);
        if search.markets.len() < markets.len() && self.fills(&Search { markets, ..search }, &terms)?.is_some() {
            return Ok(Unfilled { reason: UnfilledReason::Closed, would_fill: None });
        }
        if terms.limit_price < Price::MAX
            && let Some(plan) = self.fills(&search, &BidTerms { limit_price: Price::MAX, ..terms })?
        {
            let price = self.venue.limit_of(&plan, markets);
            return Ok(Unfilled { reason: UnfilledReason::Price, would_fill: price.map(WouldFill::LimitPrice) });
        }
        if let Some(window) = self.nearest_window()? {
            return Ok(Unfilled { reason: UnfilledReason::Hours, would_fill: Some(WouldFill::Window(window)) });
        }
        // All capacity, as if it were nobody's own and in one place.
        let anywhere = BidTerms { placement: Placement::Any, bound_to: None, ..terms };
        let anyones = Search { own: OwnOrders::Trade, ..search };
        let (placed, choosy) = (anywhere != terms, search.own != OwnOrders::Trade);
        if (placed || choosy) && self.fills(&anyones, &anywhere)?.is_some() {
            if placed && self.fills(&search, &anywhere)?.is_some() {
                let reason = match terms.placement {
                    Placement::OneProvider => UnfilledReason::Provider,
                    Placement::Any | Placement::OneFabric => UnfilledReason::Fabric,
                };
                return Ok(Unfilled { reason, would_fill: self.most(found)? });
            }
            if !placed || (choosy && self.fills(&anyones, &terms)?.is_some()) {
                return Ok(Unfilled { reason: UnfilledReason::SelfTrade, would_fill: None });
            }
        }
        Ok(Unfilled { reason: UnfilledReason::Quantity, would_fill: self.most(found)? })
    }

    fn plan(&mut self, search: &Search<'_>, terms: &BidTerms) -> Result<Plan, Limited> {
        let mut budget = WorkBudget::of(self.left, self.whole);
        let plan = self.venue.plan(&Search { terms, ..*search }, &mut budget);
        self.left = budget.left();
        if plan.limited.is_some() { Err(Limited) } else { Ok(plan) }
    }

    /// Plans changed terms and returns the plan if it fills them.
    fn fills(&mut self, search: &Search<'_>, terms: &BidTerms) -> Result<Option<Plan>, Limited> {
        let plan = self.plan(search, terms)?;
        Ok((plan.gpus() == terms.remaining).then_some(plan))
    }

    /// Finds the largest quantity that the bid could have had in its hours at its price. A bid for that many may be led
    /// to another place, which could carry it but for asks of the bidder's own; then the quantity found there is tried,
    /// and so on.
    fn most(&mut self, found: &Plan) -> Result<Option<WouldFill>, Limited> {
        let terms = *self.search.terms;
        let search = self.search;
        let min_gpus = if terms.all_or_none { terms.lot_size } else { terms.min_gpus };
        // What it found of all that it wants is known, unless it had to be all.
        let mut wanted = if terms.all_or_none { terms.remaining } else { found.gpus() };
        let tries = QUANTITIES_MAX - usize::from(!terms.all_or_none);
        for _ in 0..tries {
            if wanted == 0 {
                return Ok(None);
            }
            let terms = BidTerms { remaining: wanted, all_or_none: false, min_gpus, ..terms };
            let found = self.plan(&search, &terms)?.gpus();
            if found == wanted {
                return Ok(Some(WouldFill::Gpus(found)));
            }
            wanted = found;
        }
        Ok(None)
    }

    /// Finds the nearest window that fills the bid: of the same length first, then from the same start with another
    /// length.
    fn nearest_window(&mut self) -> Result<Option<Window>, Limited> {
        let search = self.search;
        let (wanted, hours) = (search.terms.window, search.terms.window.hours());
        let first = wanted.earliest().max(search.first_start);
        let (mut starts, mut lengths) = (Nearest::default(), Nearest::default());
        for ask in self.venue.asks_near(&search) {
            let lot = self.venue.lot_at(ask.lot);
            let remnants = if lot.min_remnant_hours > 0 { &[0, lot.min_remnant_hours][..] } else { &[0] };
            // An ask that has sold nothing changes where its window does.
            let own = Some(&ask.remaining).filter(|own| own.min() < own.max() || ask.window != lot.window);
            for timeline in [&lot.residual].into_iter().chain(own) {
                for remnant in remnants {
                    starts.offer_starts(&search, timeline, |edge| edge.plus(*remnant));
                    starts.offer_starts(&search, timeline, |edge| edge.back(hours).back(*remnant));
                    lengths.offer_lengths(first, hours, timeline, *remnant);
                }
            }
            for length in [ask.hours.min, ask.hours.max].into_iter().filter(|length| *length != hours) {
                lengths.offer(length.abs_diff(hours), length);
            }
        }
        let moved = starts.0.into_iter().map(|(_, start)| (Hour::from_hours(start), hours));
        let resized = lengths.0.into_iter().map(|(_, length)| (first, length));
        let windows = moved.chain(resized).filter_map(|(start, hours)| Window::new(start, start.plus(hours)).ok());
        for window in windows {
            if self.fills(&search, &BidTerms { window: window.into(), ..*search.terms })?.is_some() {
                return Ok(Some(window));
            }
        }
        Ok(None)
    }
}

/// Up to [`WINDOWS_MAX`] starts or lengths, the nearest to what is wanted: the distance of each, and its value.
#[derive(Default)]
struct Nearest(SmallVec<[(u32, u32); WINDOWS_MAX]>);

impl Nearest {
    /// Inserts a value. Returns false when it is too far away, and so is all that is farther.
    fn offer(&mut self, away: u32, value: u32) -> bool {
        let nearer = |kept: &(u32, u32)| *kept < (away, value);
        if self.0.len() == WINDOWS_MAX && self.0.last().is_some_and(nearer) {
            return false;
        }
        let at = self.0.partition_point(nearer);
        if self.0.get(at) != Some(&(away, value)) {
            self.0.truncate(WINDOWS_MAX - 1);
            self.0.insert(at, (away, value));
        }
        true
    }

    /// Inserts the starts that a timeline's edges suggest, on both sides of those that are wanted.
    fn offer_starts(&mut self, search: &Search<'_>, timeline: &Timeline, start_of: impl Fn(Hour) -> Hour) {
        let (earliest, latest) = (search.terms.window.earliest(), search.terms.window.latest());
        for edge in timeline.edges_until(|edge| start_of(edge) < earliest) {
            let start = start_of(edge);
            if start < search.first_start || !self.offer(earliest.hours() - start.hours(), start.hours()) {
                break;
            }
        }
        for edge in timeline.edges_from(|edge| start_of(edge) <= latest.max(search.first_start.back(1))) {
            let start = start_of(edge);
            if !self.offer(start.hours() - latest.hours(), start.hours()) {
                break;
            }
        }
    }

    /// Inserts the lengths from `first` to a timeline's edges, and to where less than `remnant` hours would be left,
    /// except the one that is wanted.
    fn offer_lengths(&mut self, first: Hour, hours: u32, timeline: &Timeline, remnant: u32) {
        let length_to = |edge: Hour| edge.back(remnant).since(first);
        for edge in timeline.edges_until(|edge| length_to(edge) < hours) {
            let length = length_to(edge);
            if length == 0 || !self.offer(hours - length, length) {
                break;
            }
        }
        for edge in timeline.edges_from(|edge| length_to(edge) <= hours) {
            let length = length_to(edge);
            if !self.offer(length - hours, length) {
                break;
            }
        }
    }
}
