//! Plans: what a bid would buy, by the rules of the term market, in order.
//!
//! 1. A bid fills only from lots that can carry its whole window.
//! 2. Candidates rank by price, then by time; a trade has the price of the order that rested first.
//! 3. A placement restricts a plan to one lot or one provider: the first in that ranking that can carry all, else the
//!    first that can carry the minimum.
//! 4. A flexible bid has one start: the one that fills most GPUs, then costs least, then is earliest.

use ledger::{OrganizationId, Set};
use smallvec::SmallVec;

use super::budget::{Look, SearchPlace, WorkBudget};
use super::starts::Starts;
use super::tally::Tally;
use super::{AskRung, Shelf, Venue, offered};
use crate::frontier::Need;
use crate::hours::{Hour, Window};
use crate::identity::OrderId;
use crate::keys::{LotKey, MarketKey, OwnerKey};
use crate::ladder::{Rung, Scan};
use crate::lot::Binding;
use crate::order::{Ask, BidTerms, HoursRange, Placement, Rank};
use crate::price::Price;

/// Trade that a plan would make.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Execution {
    /// Order id of the ask.
    pub ask: OrderId,
    /// Market in which the ask rests.
    pub market: MarketKey,
    /// Lot behind the ask.
    pub lot: LotKey,
    /// Seller: the organization of the ask.
    pub seller: OrganizationId,
    /// Number of GPUs in each hour.
    pub gpus: u32,
    /// Price per GPU-hour: that of the order which rested first.
    pub price: Price,
    /// Whether the ask rested first.
    pub ask_rested: bool,
}

/// Trades that a bid would make now.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// Hours of its trades; `None` when there are no trades.
    pub window: Option<Window>,
    /// Trades, best candidate first.
    pub executions: SmallVec<[Execution; 4]>,
    /// Whether the plan ended at an ask of the bidder's own.
    pub met_own_order: bool,
    /// Asks of the bidder's own that are to be cancelled.
    pub own_orders: SmallVec<[OrderId; 1]>,
    /// Place where the search would go on: its budget was met, and there may be more, or better, where it did not look.
    /// `None` when it is complete.
    pub limited: Option<SearchPlace>,
    /// Number of candidates that it looked at.
    pub looked_at: u32,
    /// Number of asks that its search visited, candidates or not: what it cost.
    pub visited: u64,
}

impl Plan {
    /// Counts the GPUs of all its trades.
    pub fn gpus(&self) -> u32 {
        self.executions.iter().map(|execution| execution.gpus).sum()
    }

    /// Computes what an hour of its trades costs, in micro-units.
    fn cost(&self) -> u128 {
        let costs = self.executions.iter().map(|e| u128::from(e.price.micros().unsigned_abs()) * u128::from(e.gpus));
        costs.sum()
    }

    /// Returns whether this plan is to be preferred to one with a later start.
    fn is_as_good_as(&self, later: &Self) -> bool {
        (self.gpus(), later.cost()) >= (later.gpus(), self.cost())
    }
}

/// Time at which a bid came to the book, which decides whose price a trade has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// Arrives now, after every order at rest.
    Now,
    /// Has rested since the event with this sequence.
    At(u64),
}

/// Treatment of asks of the bidder's own organization.
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

/// Search of the venue for the trades of a bid.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// Markets to search, by name.
    pub markets: &'a [MarketKey],
    /// Organization of the bid.
    pub bidder: OrganizationId,
    /// Terms of the bid.
    pub terms: &'a BidTerms,
    /// Time at which the bid came to the book.
    pub arrival: Arrival,
    /// Treatment of the bidder's own asks.
    pub own: OwnOrders,
    /// First hour that a window may still start with.
    pub first_start: Hour,
    /// Place where it goes on; `None` for a search from the beginning.
    pub from: Option<SearchPlace>,
}

impl Search<'_> {
    /// Returns the rank behind which the search of a window begins; `None` for the beginning.
    fn after(&self, window: Window) -> Option<Rank> {
        let (price, priority) = self.from.filter(|from| from.start == window.start())?.rank?;
        // Behind this rank comes the place itself. Priorities are sequences, which begin with 1.
        Some((price.micros(), priority - 1))
    }
}

/// State of a lot within a plan.
#[derive(Clone, Copy, Default, Debug)]
struct LotInPlan {
    /// Number of GPUs free in every hour of the window; `None` before it is computed.
    free: Option<u32>,
    /// Number of GPUs that the plan takes.
    taken: u32,
    /// Last of its asks that was looked at.
    last: Option<Alike>,
}

/// Ask that may serve a whole window.
#[derive(Clone, Copy)]
struct Server {
    order: u32,
    owner: OwnerKey,
}

/// Iterator over asks for a whole window, best first.
trait Servers: Iterator<Item = Server> {
    /// Leaves out an owner's asks, from here on. Some may still come.
    fn pass_over(&mut self, owner: OwnerKey);
}

/// Asks of a search's markets.
struct OfMarkets<'a>(Candidates<'a>);

impl Iterator for OfMarkets<'_> {
    type Item = Server;

    fn next(&mut self) -> Option<Server> {
        self.0.next().map(|rung| Server { order: rung.order, owner: rung.owner })
    }
}

impl Servers for OfMarkets<'_> {
    fn pass_over(&mut self, owner: OwnerKey) {
        self.0.scans.iter_mut().for_each(|scan| scan.pass_over(owner.0));
    }
}

/// Asks of one lot or one provider, which are few.
struct OfGroup<I>(I);

impl<I: Iterator<Item = Server>> Iterator for OfGroup<I> {
    type Item = Server;

    fn next(&mut self) -> Option<Server> {
        self.0.next()
    }
}

impl<I: Iterator<Item = Server>> Servers for OfGroup<I> {
    fn pass_over(&mut self, _: OwnerKey) {}
}

/// Key by which asks of one lot that follow each other count as one candidate.
type Alike = (Price, Window, HoursRange);

impl Venue {
    /// Plans what a bid would buy now, up to what remains of it. An all-or-none bid that cannot have all gets nothing.
    ///
    /// Candidates beyond the budget are not looked at; if the plan is not whole for that, it is `limited`.
    pub fn plan(&self, search: &Search<'_>, budget: &mut WorkBudget) -> Plan {
        let (before, visited) = (budget.left(), budget.visited());
        let mut plan = match search.terms.window.exact() {
            Some(window) => self.plan_window(search, window, budget),
            None => self.plan_starts(search, budget),
        };
        plan.limited = budget.missed().filter(|_| plan.gpus() < search.terms.remaining);
        plan.looked_at = before - budget.left();
        plan.visited = budget.visited() - visited;
        plan
    }

    /// Finds the best plan over all the starts of a flexible window.
    fn plan_starts(&self, search: &Search<'_>, budget: &mut WorkBudget) -> Plan {
        let window = search.terms.window;
        let earliest = window.earliest().max(search.first_start);
        if earliest > window.latest() {
            return Plan::default();
        }
        let (starts, best_price) = self.starts(search, earliest, budget.left());
        let least_cost =
            best_price.map(|price| u128::from(price.micros().unsigned_abs()) * u128::from(search.terms.remaining));
        let mut best = Plan::default();
        let done = |start: &Hour| search.from.is_some_and(|from| *start < from.start);
        for start in starts.iter().skip_while(done) {
            if budget.is_spent(start) {
                break;
            }
            let plan = self.plan_window(search, window.starting(start), budget);
            let whole = plan.gpus() == search.terms.remaining;
            let cannot_be_beaten = whole && least_cost.is_some_and(|least| plan.cost() <= least);
            // Stopping before an own ask, or cancelling one, belongs to the start that is chosen; without any trade, to
            // the first.
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

    /// Lists the starts, in order, among which the best is: between two of them nothing changes. Returns them with the
    /// best price of any ask that may serve one of them.
    ///
    /// They come of asks with a free run that has begun by the latest start and lasts until the earliest end. With more
    /// than `asks_max` such asks, they are all the hours.
    fn starts(&self, search: &Search<'_>, earliest: Hour, asks_max: u32) -> (Starts, Option<Price>) {
        let (latest, hours) = (search.terms.window.latest(), search.terms.window.hours());
        let (by, until, gpus) = (latest.hours(), earliest.plus(hours).hours(), search.terms.smallest_trade());
        let need = Need { by, until, gpus, ..Need::lasting(hours) };
        let mut starts = Starts::between(earliest, latest);
        starts.add(earliest);
        let mut best_price: Option<Price> = None;
        let mut lots: Tally<LotKey, bool> = Tally::default();
        let asks = self.candidates(search, None, need).filter_map(|rung| self.ask_at(rung.order));
        for (nth, ask) in (0..).zip(asks.filter(|ask| self.has_free_run(ask, latest, earliest.plus(hours)))) {
            best_price = best_price.or(Some(ask.limit_price));
            if nth == asks_max {
                starts.add_all();
                break;
            }
            let lot = self.lot_at(ask.lot);
            starts.add_edges(&ask.remaining, hours, lot.min_remnant_hours);
            if !std::mem::replace(lots.of(ask.lot), true) {
                starts.add_edges(&lot.residual, hours, lot.min_remnant_hours);
            }
        }
        (starts, best_price)
    }

    /// Returns whether an ask's lot has a free run within the ask's hours, and long enough for it, that has begun by
    /// one hour and lasts until another. An ask's spans say the same, except those that were not measured since a sale.
    fn has_free_run(&self, ask: &Ask, by: Hour, until: Hour) -> bool {
        let Shelf { lot, unit, .. } = &self.shelves[ask.lot.0 as usize];
        let runs = lot.residual.runs(*unit).take_while(|run| run.start() <= by);
        offered(runs, ask.window, ask.hours.min).any(|span| span.low <= by.hours() && span.high >= until.hours())
    }

    /// Plans what a bid would buy of one window.
    fn plan_window(&self, search: &Search<'_>, window: Window, budget: &mut WorkBudget) -> Plan {
        let terms = search.terms;
        let mut plan = match (terms.bound_to, terms.placement) {
            (Some(binding), _) => self.plan_bound(search, window, binding, budget),
            (None, Placement::Any) => {
                self.take(search, window, |after, gpus| self.servers(search, window, after, gpus), budget)
            }
            (None, placement) => self.plan_placed(search, window, placement, budget),
        };
        if !plan.executions.is_empty() {
            plan.window = Some(window);
        }
        plan
    }

    /// Iterates over the asks for at least `gpus` GPUs over a whole window behind a place in the ranking, best first.
    /// The plan finds out what of them is left.
    fn servers(&self, search: &Search<'_>, window: Window, after: Option<Rank>, gpus: u32) -> OfMarkets<'_> {
        let (by, until) = (window.start().hours(), window.end().hours());
        let need = Need { by, until, gpus, ..Need::lasting(window.hours()) };
        OfMarkets(self.candidates(search, after, need))
    }

    /// Plans within one lot or one provider: the first in the ranking that can carry all, else the first that can carry
    /// something.
    fn plan_placed(&self, search: &Search<'_>, window: Window, placement: Placement, budget: &mut WorkBudget) -> Plan {
        // Whether a group can carry the bid is asked before, and apart from, what becomes of the bidder's own asks in
        // it.
        let own = if search.own == OwnOrders::PassOver { OwnOrders::PassOver } else { OwnOrders::Trade };
        // A search that goes on looks at the groups that it comes to whole: what it looked at before was not enough of
        // any.
        let of_group = Search { from: None, ..*search };
        let mut seen: Set<Binding> = Set::default();
        let mut first: Option<(Binding, Plan)> = None;
        let mut lots: Tally<LotKey, LotInPlan> = Tally::default();
        let mut servers = self.servers(search, window, search.after(window), search.terms.minimum());
        while let Some(server) = servers.next() {
            budget.visit(1);
            if budget.passes_over(server.owner) {
                servers.pass_over(server.owner);
                continue;
            }
            let Some(ask) = self.ask_at(server.order) else { continue };
            // An ask that cannot trade here gives its group no rank.
            let passed_over = own == OwnOrders::PassOver && ask.organization == search.bidder;
            let in_plan = lots.of(ask.lot);
            if passed_over || self.free(ask, window, in_plan) == 0 {
                continue;
            }
            match Self::look(ask, window, in_plan, budget) {
                Look::At => {}
                Look::PassOver => continue,
                Look::End => break,
            }
            if self.quantity(ask, window, search.terms, in_plan) == 0 {
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
            let plan = self.plan_bound(&Search { own, ..of_group }, window, binding, budget);
            let whole = plan.gpus() == search.terms.remaining;
            if whole || (first.is_none() && plan.gpus() > 0) {
                first = Some((binding, plan));
            }
            if whole {
                break;
            }
        }
        let Some((binding, plan)) = first else { return Plan::default() };
        let meets_own = own != search.own && plan.executions.iter().any(|e| e.seller == search.bidder);
        if meets_own { self.plan_bound(&of_group, window, binding, budget) } else { plan }
    }

    /// Plans within the lots that a bid is bound to.
    fn plan_bound(&self, search: &Search<'_>, window: Window, binding: Binding, budget: &mut WorkBudget) -> Plan {
        let lots = self.lots_together.get(&binding).into_iter().flatten();
        let orders = lots.flat_map(|key| &self.shelves[key.0 as usize].asks);
        let hours = window.hours();
        let mut asks: Vec<(&Ask, u32)> = orders
            .filter_map(|order| Some((self.ask_at(*order)?, *order)))
            .filter(|(ask, _)| search.markets.contains(&ask.market) && ask.limit_price <= search.terms.limit_price)
            .filter(|(ask, _)| ask.window.covers(window) && ask.hours.contains(hours))
            .collect();
        budget.visit(asks.len());
        asks.sort_unstable_by_key(|(ask, _)| ask.rank());
        let behind = |after: Option<Rank>, gpus: u32| {
            let past = asks.partition_point(|(ask, _)| Some(ask.rank()) <= after);
            let large = asks[past..].iter().filter(move |(ask, _)| ask.gpus >= gpus);
            OfGroup(large.map(|(ask, order)| Server { order: *order, owner: ask.owner }))
        };
        self.take(search, window, behind, budget)
    }

    /// Takes from asks for a whole window, best first, until the bid has all it wants. `asks_for` returns those behind
    /// a place in the ranking for at least a number of GPUs.
    fn take<I: Servers>(
        &self,
        search: &Search<'_>,
        window: Window,
        asks_for: impl Fn(Option<Rank>, u32) -> I,
        budget: &mut WorkBudget,
    ) -> Plan {
        let terms = search.terms;
        let mut plan = Plan::default();
        let mut wanted = terms.remaining;
        let mut stopped_at = None;
        let mut lots: Tally<LotKey, LotInPlan> = Tally::default();
        let mut minimum = terms.minimum();
        let mut asks = asks_for(search.after(window), minimum);
        while let Some(server) = asks.next() {
            budget.visit(1);
            if budget.passes_over(server.owner) {
                asks.pass_over(server.owner);
                continue;
            }
            let Some(ask) = self.ask_at(server.order) else { continue };
            let in_plan = lots.of(ask.lot);
            if self.free(ask, window, in_plan) == 0 {
                continue;
            }
            match Self::look(ask, window, in_plan, budget) {
                Look::At => {}
                Look::PassOver => continue,
                Look::End => break,
            }
            let open = BidTerms { remaining: wanted, ..*terms };
            let gpus = self.quantity(ask, window, &open, in_plan);
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
            let (lot, seller, market) = (ask.lot, ask.organization, ask.market);
            plan.executions.push(Execution { ask: ask.id, market, lot, seller, gpus, price, ask_rested });
            in_plan.taken += gpus;
            wanted -= gpus;
            if wanted == 0 {
                break;
            }
            // The last trade may be smaller than the others: asks that were too small may serve it.
            let least = BidTerms { remaining: wanted, ..*terms }.minimum();
            if least < minimum {
                minimum = least;
                asks = asks_for(Some(ask.rank()), least);
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

    /// Counts the GPUs of an ask's lot that are free in every hour of a window; 0 below the market's lot size.
    fn free(&self, ask: &Ask, window: Window, in_plan: &mut LotInPlan) -> u32 {
        let Shelf { lot, unit, .. } = &self.shelves[ask.lot.0 as usize];
        *in_plan
            .free
            .get_or_insert_with(|| Some(lot.residual.min_over(window)).filter(|free| free >= unit).unwrap_or(0))
    }

    /// Counts a candidate, unless it is alike the one of its lot that was counted last.
    fn look(ask: &Ask, window: Window, in_plan: &mut LotInPlan, budget: &mut WorkBudget) -> Look {
        let alike = (ask.limit_price, ask.window, ask.hours);
        if in_plan.last == Some(alike) {
            return Look::At;
        }
        let place = SearchPlace { start: window.start(), rank: Some((ask.limit_price, ask.priority)) };
        let look = budget.look(ask.owner, place);
        if look == Look::At {
            in_plan.last = Some(alike);
        }
        look
    }

    /// Computes how many GPUs a bid takes from an ask for a whole window: as many as it wants and the ask has, less
    /// where the lot refuses the remnant that this would leave; 0 below the bid's minimum.
    fn quantity(&self, ask: &Ask, window: Window, open: &BidTerms, in_plan: &mut LotInPlan) -> u32 {
        let minimum = open.minimum().max(1);
        let free = (self.free(ask, window, in_plan) - in_plan.taken).min(open.remaining);
        if free < minimum {
            return 0;
        }
        let gpus = free.min(ask.remaining.min_over(window));
        let gpus = gpus - gpus % open.lot_size;
        if gpus < minimum {
            return 0;
        }
        let lot = self.lot_at(ask.lot);
        let quantities = minimum..=gpus;
        lot.residual.most_without_remnant(window, in_plan.taken, quantities, open.lot_size, lot.min_remnant_hours)
    }

    /// Iterates over the asks of a search's markets behind a place in the ranking and up to its limit, best first,
    /// except those that cannot meet the need.
    pub(super) fn candidates(&self, search: &Search<'_>, after: Option<Rank>, need: Need) -> Candidates<'_> {
        let worst = search.terms.limit_price.micros();
        let scans = search.markets.iter().map(|key| self.at(*key).asks.scan(after, worst, need));
        let mut scans: SmallVec<[Scan<'_, AskRung>; 1]> = scans.collect();
        let several = scans.len() > 1;
        let heads = scans.iter_mut().filter(|_| several).map(Iterator::next).collect();
        Candidates { scans, heads }
    }
}

/// Candidates of several markets as one ranking.
pub(super) struct Candidates<'a> {
    scans: SmallVec<[Scan<'a, AskRung>; 1]>,
    /// Next ask of each scan; not used for a single one.
    heads: SmallVec<[Option<&'a AskRung>; 4]>,
}

impl<'a> Iterator for Candidates<'a> {
    type Item = &'a AskRung;

    fn next(&mut self) -> Option<Self::Item> {
        if let [scan] = &mut self.scans[..] {
            return scan.next();
        }
        let ranked = self.heads.iter().enumerate().filter_map(|(index, head)| Some(((*head)?.rank(), index)));
        let (_, index): (Rank, usize) = ranked.min()?;
        let next = self.scans[index].next();
        std::mem::replace(&mut self.heads[index], next)
    }
}
