//! What a bid would buy: the rules of the term market, in order.
//!
//! 1. A bid fills only from lots that can carry its whole window.
//! 2. Candidates rank by price, then by time; a trade has the price of the order that rested first.
//! 3. A placement restricts a plan to one lot or one provider: the first in that ranking that can carry all, else the first
//!    that can carry the minimum.
//! 4. A flexible bid has one start: the one that fills most GPUs, then costs least, then is earliest.

use std::collections::BTreeSet;

use ledger::OrganizationId;
use smallvec::SmallVec;

use super::{AskRung, LotKey, MarketKey, Venue};
use crate::frontier::Need;
use crate::ladder::{Rank, Rung, Scan};
use crate::{Ask, BidTerms, Binding, Hour, OrderId, Placement, Price, Window};

/// One trade that a plan would make.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Execution {
    /// The ask.
    pub ask: OrderId,
    /// Its market.
    pub market: MarketKey,
    /// The lot behind it.
    pub lot: LotKey,
    /// Whose lot.
    pub seller: OrganizationId,
    /// How many GPUs.
    pub gpus: u32,
    /// At what price: that of the order which rested first.
    pub price: Price,
    /// Whether the ask rested first.
    pub ask_rested: bool,
}

/// What a bid would buy now.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// The hours of its trades; none when there are no trades.
    pub window: Option<Window>,
    /// The trades, best candidate first.
    pub executions: SmallVec<[Execution; 4]>,
    /// Whether the plan ended at an ask of the bidder's own.
    pub met_own_order: bool,
    /// Asks of the bidder's own that are to be cancelled.
    pub own_orders: SmallVec<[OrderId; 1]>,
}

impl Plan {
    /// The GPUs of all its trades.
    pub fn gpus(&self) -> u32 {
        self.executions.iter().map(|execution| execution.gpus).sum()
    }

    /// GPUs of one lot that the plan has taken already.
    fn taken_from(&self, lot: LotKey) -> u32 {
        self.executions.iter().filter(|execution| execution.lot == lot).map(|execution| execution.gpus).sum()
    }

    /// What an hour of its trades costs, in micro-units.
    fn cost(&self) -> u128 {
        let costs = self.executions.iter().map(|e| u128::from(e.price.micros().unsigned_abs()) * u128::from(e.gpus));
        costs.sum()
    }

    /// Whether this plan is to be preferred to one with a later start.
    fn is_as_good_as(&self, later: &Self) -> bool {
        (self.gpus(), later.cost()) >= (later.gpus(), self.cost())
    }
}

/// When a bid came to the book: it decides whose price a trade has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// It arrives now, after every order at rest.
    Now,
    /// It has rested since the event with this sequence.
    At(u64),
}

/// What a plan does about asks of the bidder's own organization.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OwnOrders {
    /// Passes over them.
    PassOver,
    /// Ends where it would trade with one.
    StopBefore,
    /// Cancels those it would trade with and goes on.
    Cancel,
    /// Cancels the first that it would trade with, and ends.
    CancelAndStop,
    /// Trades with them, to see what would happen.
    Trade,
}

/// What is asked of the venue.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// Where, by name of the market.
    pub markets: &'a [MarketKey],
    /// For whom.
    pub bidder: OrganizationId,
    /// What for.
    pub terms: &'a BidTerms,
    /// Since when.
    pub arrival: Arrival,
    /// What about the bidder's own asks.
    pub own: OwnOrders,
    /// The first hour that a window may still start with.
    pub first_start: Hour,
}

impl Venue {
    /// What a bid would buy now, up to what remains of it. An all-or-none bid that cannot have all gets nothing.
    pub fn plan(&self, search: &Search<'_>) -> Plan {
        match search.terms.window.exact() {
            Some(window) => self.plan_window(search, window),
            None => self.plan_starts(search),
        }
    }

    /// The best plan over all the starts of a flexible window.
    fn plan_starts(&self, search: &Search<'_>) -> Plan {
        let window = search.terms.window;
        let earliest = window.earliest().max(search.first_start);
        if earliest > window.latest() {
            return Plan::default();
        }
        let (starts, best_price) = self.starts(search, earliest);
        let least_cost =
            best_price.map(|price| u128::from(price.micros().unsigned_abs()) * u128::from(search.terms.remaining));
        let mut best = Plan::default();
        for start in starts {
            let plan = self.plan_window(search, window.starting(start));
            let whole = plan.gpus() == search.terms.remaining;
            let cannot_be_beaten = whole && least_cost.is_some_and(|least| plan.cost() <= least);
            // Stopping before an own ask, or cancelling one, belongs to the start that is chosen; without any trade, to the first.
            let nothing_yet = best.window.is_none() && !best.met_own_order && best.own_orders.is_empty();
            let first_own = nothing_yet && plan.gpus() == 0 && (plan.met_own_order || !plan.own_orders.is_empty());
            if first_own || (plan.gpus() > 0 && !best.is_as_good_as(&plan)) {
                best = plan;
            }
            if cannot_be_beaten {
                break;
            }
        }
        best
    }

    /// The starts, in order, among which the best is: between two of them nothing changes. With the best price of any
    /// candidate.
    fn starts(&self, search: &Search<'_>, earliest: Hour) -> (BTreeSet<Hour>, Option<Price>) {
        let (latest, hours) = (search.terms.window.latest(), search.terms.window.hours());
        let need = Need { by: latest.hours(), until: earliest.plus(hours).hours() };
        let mut starts = BTreeSet::from([earliest]);
        let mut best_price: Option<Price> = None;
        for (_, rung) in self.candidates(search, need) {
            if !(rung.hours_min..=rung.hours_max).contains(&hours) {
                continue;
            }
            let Some(ask) = self.ask_at(rung.order) else { continue };
            best_price = best_price.or(Some(ask.limit_price));
            let remnant = self.lot_at(ask.lot).min_remnant_hours;
            let mut consider = |start: Hour| {
                if (earliest..=latest).contains(&start) {
                    starts.insert(start);
                }
            };
            for edge in self.edges(ask) {
                let ends_with = |hours_left: u32| edge.back(hours).back(hours_left);
                consider(edge);
                consider(ends_with(0).plus(1));
                if remnant > 1 {
                    // What is left before the window, or behind it, is nothing, then too short, then long enough.
                    consider(edge.plus(1));
                    consider(edge.plus(remnant));
                    consider(ends_with(0));
                    consider(ends_with(remnant).plus(1));
                }
            }
        }
        (starts, best_price)
    }

    /// Where what an ask can sell changes, in no order that matters.
    pub(super) fn edges<'a>(&'a self, ask: &'a Ask) -> impl Iterator<Item = Hour> + 'a {
        let steps = self.lot_at(ask.lot).residual.steps().chain(ask.remaining.steps());
        steps.flat_map(|(step, _)| [step.start(), step.end()])
    }

    /// What a bid would buy of one window.
    fn plan_window(&self, search: &Search<'_>, window: Window) -> Plan {
        let terms = search.terms;
        let mut plan = match (terms.bound_to, terms.placement) {
            (Some(binding), _) => self.plan_bound(search, window, binding),
            (None, Placement::Any) => {
                let candidates = self.servers(search, window);
                self.take(
                    search,
                    window,
                    candidates.filter_map(|(market, rung)| Some((market, self.ask_at(rung.order)?))),
                )
            }
            (None, placement) => self.plan_placed(search, window, placement),
        };
        if !plan.executions.is_empty() {
            plan.window = Some(window);
        }
        plan
    }

    /// The candidates for a whole window; whether they have the GPUs is for the plan to tell.
    fn servers(&self, search: &Search<'_>, window: Window) -> impl Iterator<Item = (MarketKey, &AskRung)> {
        let hours = window.hours();
        let candidates = self.candidates(search, Need::of(window));
        candidates.filter(move |(_, rung)| (rung.hours_min..=rung.hours_max).contains(&hours))
    }

    /// A plan of one lot or one provider: the first in the ranking that can carry all, else the first that can carry something.
    fn plan_placed(&self, search: &Search<'_>, window: Window, placement: Placement) -> Plan {
        // Whether a group can carry the bid is asked before, and apart from, what becomes of the bidder's own asks in it.
        let own = if search.own == OwnOrders::PassOver { OwnOrders::PassOver } else { OwnOrders::Trade };
        let mut seen = BTreeSet::new();
        let mut first = None;
        for (_, rung) in self.servers(search, window) {
            // An ask that cannot trade here gives its group no rank.
            let Some(ask) = self.ask_at(rung.order) else { continue };
            let passed_over = own == OwnOrders::PassOver && ask.organization == search.bidder;
            if passed_over || self.quantity(ask, window, search.terms, 0) == 0 {
                continue;
            }
            let lot = self.lot_at(ask.lot);
            let binding = match placement {
                Placement::OneProvider => Binding::Provider(lot.provider),
                Placement::Any | Placement::OneFabric => Binding::Lot(lot.id),
            };
            if !seen.insert(binding) {
                continue;
            }
            let gpus = self.plan_bound(&Search { own, ..*search }, window, binding).gpus();
            if gpus == search.terms.remaining {
                return self.plan_bound(search, window, binding);
            }
            if gpus > 0 && first.is_none() {
                first = Some(binding);
            }
        }
        first.map_or_else(Plan::default, |binding| self.plan_bound(search, window, binding))
    }

    /// A plan of the lots that a bid is bound to.
    fn plan_bound(&self, search: &Search<'_>, window: Window, binding: Binding) -> Plan {
        let lots = self.lots_together.get(&binding).into_iter().flatten();
        let orders = lots.flat_map(|key| &self.shelves[key.0 as usize].asks);
        let mut asks: Vec<&Ask> = orders
            .filter_map(|order| self.ask_at(*order))
            .filter(|ask| search.markets.contains(&ask.market) && ask.limit_price <= search.terms.limit_price)
            .collect();
        asks.sort_unstable_by_key(|ask| ask.rank());
        self.take(search, window, asks.into_iter().map(|ask| (ask.market, ask)))
    }

    /// Takes from candidates, best first, until the bid has all it wants.
    fn take<'a>(
        &'a self,
        search: &Search<'_>,
        window: Window,
        candidates: impl Iterator<Item = (MarketKey, &'a Ask)>,
    ) -> Plan {
        let terms = search.terms;
        let mut plan = Plan::default();
        let mut wanted = terms.remaining;
        let mut stopped_at = None;
        for (market, ask) in candidates {
            let open = BidTerms { remaining: wanted, ..*terms };
            let gpus = self.quantity(ask, window, &open, plan.taken_from(ask.lot));
            if gpus == 0 {
                continue;
            }
            if ask.organization == search.bidder {
                match search.own {
                    OwnOrders::PassOver => continue,
                    OwnOrders::Cancel => {
                        plan.own_orders.push(ask.id);
                        continue;
                    }
                    OwnOrders::StopBefore | OwnOrders::CancelAndStop if stopped_at.is_none() => {
                        stopped_at = Some(ask.id);
                        // An all-or-none bid would trade with it only if it could have all.
                        if !terms.all_or_none {
                            break;
                        }
                    }
                    OwnOrders::StopBefore | OwnOrders::CancelAndStop | OwnOrders::Trade => {}
                }
            }
            let (price, ask_rested) = match search.arrival {
                Arrival::At(since) if since < ask.priority => (terms.limit_price, false),
                Arrival::At(_) | Arrival::Now => (ask.limit_price, true),
            };
            let (lot, seller) = (ask.lot, ask.organization);
            plan.executions.push(Execution { ask: ask.id, market, lot, seller, gpus, price, ask_rested });
            wanted -= gpus;
            if wanted == 0 {
                break;
            }
        }
        if terms.all_or_none && wanted > 0 {
            return Plan::default();
        }
        if let Some(ask) = stopped_at {
            plan.met_own_order = true;
            if search.own == OwnOrders::CancelAndStop {
                plan.own_orders.push(ask);
            }
            if terms.all_or_none {
                plan.executions.clear();
            }
        }
        plan
    }

    /// How many GPUs a bid takes from an ask: as many as it wants and the ask has, less where the lot refuses the remnant that
    /// this would leave; none below the bid's minimum.
    fn quantity(&self, ask: &Ask, window: Window, open: &BidTerms, taken: u32) -> u32 {
        let (lot_size, minimum) = (open.lot_size, open.minimum().max(1));
        let gpus = self.available(ask, window, taken).min(open.remaining);
        let gpus = gpus - gpus % lot_size;
        if gpus < minimum {
            return 0;
        }
        let lot = self.lot_at(ask.lot);
        if lot.min_remnant_hours <= 1 {
            return gpus;
        }
        let mut residual = std::borrow::Cow::Borrowed(&lot.residual);
        if taken > 0 {
            residual.to_mut().take(window, taken);
        }
        let refused = |gpus: u32| residual.leaves_remnant(window, gpus, lot.min_remnant_hours);
        if !refused(gpus) {
            return gpus;
        }
        // Fewer may do. The answer can change only where what the sale leaves meets another height near it.
        let from = Hour::from_hours(window.start().hours().saturating_sub(lot.min_remnant_hours));
        let near = Window::between(from, window.end().plus(lot.min_remnant_hours));
        let steps = residual.steps().filter(|(step, _)| step.overlaps(near));
        let heights: BTreeSet<u32> = steps.map(|(_, height)| height).chain(std::iter::once(0)).collect();
        let meets = heights.iter().flat_map(|height| heights.iter().map(move |other| height.saturating_sub(*other)));
        let tries: BTreeSet<u32> = meets
            .flat_map(|meet| [meet, meet.saturating_sub(1)])
            .map(|meet| meet - meet % lot_size)
            .filter(|tried| (minimum..gpus).contains(tried))
            .collect();
        tries.into_iter().rev().find(|tried| !refused(*tried)).unwrap_or(0)
    }

    /// The asks of a search's markets up to its limit, best first, but for those that cannot meet the need.
    pub(super) fn candidates(&self, search: &Search<'_>, need: Need) -> Candidates<'_> {
        let worst = search.terms.limit_price.micros();
        let scans = search.markets.iter().map(|key| (*key, self.at(*key).asks.scan(None, worst, need)));
        let mut scans: SmallVec<[(MarketKey, Scan<'_, AskRung>); 1]> = scans.collect();
        let several = scans.len() > 1;
        let heads = scans.iter_mut().filter(|_| several).map(|(_, scan)| scan.next()).collect();
        Candidates { scans, heads }
    }
}

/// The candidates of several markets as one ranking.
pub(super) struct Candidates<'a> {
    scans: SmallVec<[(MarketKey, Scan<'a, AskRung>); 1]>,
    /// The next of each scan; not used for a single one.
    heads: SmallVec<[Option<&'a AskRung>; 4]>,
}

impl<'a> Iterator for Candidates<'a> {
    type Item = (MarketKey, &'a AskRung);

    fn next(&mut self) -> Option<Self::Item> {
        if let [(market, scan)] = &mut self.scans[..] {
            return scan.next().map(|rung| (*market, rung));
        }
        let ranked = self.heads.iter().enumerate().filter_map(|(index, head)| Some(((*head)?.rank(), index)));
        let (_, index): (Rank, usize) = ranked.min()?;
        let (market, scan) = &mut self.scans[index];
        let head = std::mem::replace(&mut self.heads[index], scan.next());
        head.map(|rung| (*market, rung))
    }
}
