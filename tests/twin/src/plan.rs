//! What a bid would buy, by trying everything.

use std::collections::{BTreeMap, BTreeSet};

use ledger::OrganizationId;
use matching::{Liquidity, OrderId, Placement, Supply};

use crate::Twin;
use crate::book::{Bound, Hours, Order, Want, gate};

/// What a bid does about asks of its own organization.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Own {
    PassOver,
    StopBefore,
    Cancel,
    CancelAndStop,
    Trade,
}

/// A start, and the price and the place in time of an ask; none for the first ask.
pub type Place = (u32, Option<(i64, u64)>);

#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub start: Option<u32>,
    pub fills: Vec<Fill>,
    pub met_own: bool,
    pub cancels: Vec<OrderId>,
    /// Where the search goes on: there may be more, or better, where it may not look.
    pub limited: Option<Place>,
    /// Where its search went on.
    pub from: Option<Place>,
    /// How many candidates it looked at.
    pub looked_at: u32,
}

#[derive(Clone, Copy, Debug)]
pub struct Fill {
    pub ask: OrderId,
    pub supply: Supply,
    pub gpus: u32,
    pub price: i64,
    pub buyer: Liquidity,
}

impl Plan {
    pub fn gpus(&self) -> u32 {
        self.fills.iter().map(|fill| fill.gpus).sum()
    }

    fn cost(&self) -> i64 {
        self.fills.iter().map(|fill| fill.price * i64::from(fill.gpus)).sum()
    }

    /// Takes the plan of a later start if that is better.
    fn improve(&mut self, later: Self) {
        let touches_own = |plan: &Self| plan.met_own || !plan.cancels.is_empty();
        let better = later.gpus() > self.gpus()
            || (later.gpus() > 0 && later.gpus() == self.gpus() && later.cost() < self.cost())
            || (self.gpus() == 0 && !touches_own(self) && touches_own(&later));
        if better {
            *self = later;
        }
    }
}

/// The candidates that a search may still look at: together, and of each owner.
#[derive(Clone, Debug)]
pub struct Work {
    left: u32,
    share: u32,
    looked_at: BTreeMap<OrganizationId, u32>,
    /// Those who had more than their share: nothing more of theirs is looked at.
    passed_over: BTreeSet<OrganizationId>,
    /// The first that it may not look at.
    missed: Option<Place>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Look {
    At,
    PassOver,
    End,
}

/// The price, window and length by which asks of a lot that follow each other are one candidate.
type Alike = (i64, u32, u32, u32, u32);

impl Work {
    pub fn of(candidates: u32) -> Self {
        Self {
            left: candidates,
            share: candidates.div_ceil(8),
            looked_at: BTreeMap::new(),
            passed_over: BTreeSet::new(),
            missed: None,
        }
    }

    fn look(&mut self, ask: &Order, start: u32, last: &mut BTreeMap<Supply, Alike>) -> Look {
        let (supply, offer) = (ask.supply().expect("an ask"), ask.offer().expect("an ask"));
        let alike = (ask.limit, offer.start, offer.end, offer.min_hours, offer.max_hours);
        if self.passed_over.contains(&ask.organization) {
            return Look::PassOver;
        }
        if last.get(&supply) == Some(&alike) {
            return Look::At;
        }
        if self.left == 0 {
            self.missed.get_or_insert((start, Some((ask.limit, ask.priority))));
            return Look::End;
        }
        let looked_at = self.looked_at.entry(ask.organization).or_default();
        if *looked_at == self.share {
            self.passed_over.insert(ask.organization);
            self.missed.get_or_insert((start, Some((ask.limit, ask.priority))));
            return Look::PassOver;
        }
        *looked_at += 1;
        self.left -= 1;
        last.insert(supply, alike);
        Look::At
    }
}

impl Want {
    /// The fewest GPUs of one trade when so many are wanted.
    fn least(&self, wanted: u32) -> u32 {
        if self.all_or_none { self.unit } else { self.min.min(wanted) }
    }
}

impl Twin {
    /// What a bid would buy in these markets at present, as far as its search may look; `bid.priority` is its place in time, the last of
    /// all when it arrives.
    pub(crate) fn plan(&self, bid: &Order, markets: &[usize], own: Own) -> Plan {
        self.plan_within(bid, markets, own, self.search_candidates, None)
    }

    /// Goes on where a plan was limited.
    pub(crate) fn plan_from(&self, bid: &Order, markets: &[usize], own: Own, from: Place) -> Plan {
        self.plan_within(bid, markets, own, self.search_candidates, Some(from))
    }

    /// The same, with a bound of its own.
    pub(crate) fn plan_within(
        &self,
        bid: &Order,
        markets: &[usize],
        own: Own,
        candidates: u32,
        from: Option<Place>,
    ) -> Plan {
        let Some(want) = bid.want() else { return Plan::default() };
        let mut work = Work::of(candidates);
        let mut plan = if want.earliest == want.latest {
            self.plan_at(bid, want, markets, (want.earliest, from), own, &mut work)
        } else {
            let some = self.plan_some_starts(bid, want, markets, (own, from), &mut work);
            // Where the search may look at all of them, the starts that it tries must be enough.
            if work.missed.is_some() || from.is_some() { some } else { self.plan_all_starts(bid, want, markets, own) }
        };
        plan.from = from;
        plan.looked_at = candidates - work.left;
        plan.limited = work.missed.filter(|_| plan.gpus() < want.remaining);
        plan
    }

    fn plan_all_starts(&self, bid: &Order, want: &Want, markets: &[usize], own: Own) -> Plan {
        let mut best = Plan::default();
        for start in (want.earliest..=want.latest).filter(|start| gate(*start, want.gate) > self.now) {
            best.improve(self.plan_at(bid, want, markets, (start, None), own, &mut Work::of(u32::MAX)));
        }
        best
    }

    /// Tries the starts at which something changes of what asks have for some start; with more asks than there are candidates, all.
    fn plan_some_starts(
        &self,
        bid: &Order,
        want: &Want,
        markets: &[usize],
        (own, from): (Own, Option<Place>),
        work: &mut Work,
    ) -> Plan {
        let starts = (want.earliest..=want.latest).filter(|start| gate(*start, want.gate) > self.now);
        let all: Vec<u32> = starts.collect();
        let Some(first) = all.first() else { return Plan::default() };
        let smallest = if want.remaining > want.min { want.unit } else { want.least(want.remaining) };
        let serves =
            |ask: &&Order| ask.gpus >= smallest && self.offers_run(ask, bid, want, markets, (*first, want.latest));
        let mut asks: Vec<&Order> = self.orders.iter().filter(serves).collect();
        asks.sort_by_key(|ask| (ask.limit, ask.priority));
        let mut tried = all.clone();
        if asks.len() <= work.left as usize {
            let changes: Vec<u32> = asks.iter().flat_map(|ask| self.changes(ask, want.hours)).collect();
            tried.retain(|start| start == first || changes.contains(start));
        }
        let mut best = Plan::default();
        for start in tried.into_iter().filter(|start| from.is_none_or(|(first, _)| *start >= first)) {
            if work.left == 0 {
                work.missed.get_or_insert((start, None));
                break;
            }
            let plan = self.plan_at(bid, want, markets, (start, from), own, work);
            let cheapest = asks.first().map_or(0, |ask| ask.limit) * i64::from(want.remaining);
            let cannot_be_beaten = plan.gpus() == want.remaining && plan.cost() <= cheapest;
            best.improve(plan);
            if cannot_be_beaten {
                break;
            }
        }
        best
    }

    /// The starts of windows so long at which something changes of what an ask has.
    fn changes(&self, ask: &Order, hours: u32) -> Vec<u32> {
        let (lot, offer) = (self.lot(ask.supply().expect("an ask")).expect("a lot"), ask.offer().expect("an ask"));
        let edges = |of: &Hours| -> Vec<u32> {
            (of.start..=of.end())
                .filter(|hour| [of.start, of.end()].contains(hour) || of.at(*hour) != of.at(hour - 1))
                .collect()
        };
        let around = |edge: u32| {
            let mut starts = vec![edge, (edge + 1).saturating_sub(hours)];
            if lot.remnant > 1 {
                starts.extend([edge + 1, edge + lot.remnant, edge.saturating_sub(hours)]);
                starts.push((edge + 1).saturating_sub(hours + lot.remnant));
            }
            starts
        };
        [edges(&lot.free), edges(&offer.sold)].concat().into_iter().flat_map(around).collect()
    }

    /// Whether an ask's lot has something free in all of some hours that the ask may sell, which have begun by the latest start and
    /// last until the end of the earliest window.
    fn offers_run(&self, ask: &Order, bid: &Order, want: &Want, markets: &[usize], starts: (u32, u32)) -> bool {
        let Some(offer) = ask.offer().filter(|offer| markets.contains(&offer.market) && ask.limit <= bid.limit) else {
            return false;
        };
        let lot = self.lot(offer.supply).expect("an ask has a lot");
        let mut offered = lot.free.clone();
        offered.change(0, offer.start, |_| 0);
        offered.change(offer.end, u32::MAX, |_| 0);
        (offer.min_hours..=offer.max_hours).contains(&want.hours)
            && runs(&offered, self.markets[lot.market].spec.lot_size)
                .into_iter()
                .any(|(start, end)| end - start >= offer.min_hours && start <= starts.1 && end >= starts.0 + want.hours)
    }

    /// Whether an ask offers this window to this bid, and its lot has something free in all of it.
    fn offers_hours(&self, ask: &Order, bid: &Order, want: &Want, markets: &[usize], start: u32) -> bool {
        let end = start + want.hours;
        ask.limit <= bid.limit
            && ask.offer().is_some_and(|offer| {
                markets.contains(&offer.market)
                    && offer.start <= start
                    && end <= offer.end
                    && (offer.min_hours..=offer.max_hours).contains(&want.hours)
                    && self
                        .lot(offer.supply)
                        .is_some_and(|lot| lot.free.least(start, end) >= self.markets[lot.market].spec.lot_size)
            })
    }

    /// The term asks that offer this window to this bid, the best first.
    fn offers(&self, bid: &Order, want: &Want, markets: &[usize], start: u32) -> Vec<&Order> {
        let mut asks: Vec<&Order> =
            self.orders.iter().filter(|ask| self.offers_hours(ask, bid, want, markets, start)).collect();
        asks.sort_by_key(|ask| (ask.limit, ask.priority));
        asks
    }

    fn plan_at(
        &self,
        bid: &Order,
        want: &Want,
        markets: &[usize],
        (start, from): (u32, Option<Place>),
        own: Own,
        work: &mut Work,
    ) -> Plan {
        let all = self.offers(bid, want, markets, start);
        let mut asks = all.clone();
        if let Some((first, rank)) = from
            && first == start
        {
            asks.retain(|ask| Some((ask.limit, ask.priority)) >= rank);
        }
        let of = |bound: Bound| -> Vec<&Order> { asks.iter().copied().filter(|ask| self.is_of(ask, bound)).collect() };
        let all_of =
            |bound: Bound| -> Vec<&Order> { all.iter().copied().filter(|ask| self.is_of(ask, bound)).collect() };
        match (want.bound, want.placement) {
            (Some(bound), _) => self.take(bid, want, &of(bound), start, own, work),
            (None, Placement::Any) => self.take(bid, want, &asks, start, own, work),
            (None, placement) => {
                let carries = if own == Own::PassOver { Own::PassOver } else { Own::Trade };
                let (mut tried, mut last) = (Vec::new(), BTreeMap::new());
                let mut some: Option<(Bound, Plan)> = None;
                for ask in &asks {
                    let passed_over = carries == Own::PassOver && ask.organization == bid.organization;
                    if passed_over || ask.gpus < want.least(want.remaining) {
                        continue;
                    }
                    match work.look(ask, start, &mut last) {
                        Look::At => {}
                        Look::PassOver => continue,
                        Look::End => break,
                    }
                    let bound = self.bound_by(ask, placement);
                    let trades = self.quantity(want, want.remaining, ask, start, &Plan::default()) > 0;
                    if !trades || tried.contains(&bound) {
                        continue;
                    }
                    tried.push(bound);
                    let plan = self.take(bid, want, &all_of(bound), start, carries, work);
                    let whole = plan.gpus() == want.remaining;
                    if whole || (some.is_none() && plan.gpus() > 0) {
                        some = Some((bound, plan));
                    }
                    if whole {
                        break;
                    }
                }
                let Some((bound, plan)) = some else { return Plan::default() };
                let seller = |fill: &Fill| self.find(fill.ask).map(|ask| ask.organization);
                let meets_own = own != carries && plan.fills.iter().any(|fill| seller(fill) == Some(bid.organization));
                if meets_own { self.take(bid, want, &all_of(bound), start, own, work) } else { plan }
            }
        }
    }

    fn is_of(&self, ask: &Order, bound: Bound) -> bool {
        ask.supply().and_then(|supply| self.lot(supply)).is_some_and(|lot| match bound {
            Bound::Provider(provider) => lot.provider == provider,
            Bound::Lot(id) => lot.id == id,
        })
    }

    pub(crate) fn bound_by(&self, ask: &Order, placement: Placement) -> Bound {
        let lot = ask.supply().and_then(|supply| self.lot(supply)).expect("an ask has a lot");
        if placement == Placement::OneProvider { Bound::Provider(lot.provider) } else { Bound::Lot(lot.id) }
    }

    /// Buys from these asks in turn.
    fn take(&self, bid: &Order, want: &Want, asks: &[&Order], start: u32, own: Own, work: &mut Work) -> Plan {
        let mut plan = Plan::default();
        let mut wanted = want.remaining;
        let mut own_ask = None;
        let mut last = BTreeMap::new();
        for ask in asks {
            if ask.gpus < want.least(wanted) {
                continue;
            }
            if wanted == 0 {
                break;
            }
            match work.look(ask, start, &mut last) {
                Look::At => {}
                Look::PassOver => continue,
                Look::End => break,
            }
            let gpus = self.quantity(want, wanted, ask, start, &plan);
            if gpus == 0 {
                continue;
            }
            if ask.organization == bid.organization {
                match own {
                    Own::Trade => {}
                    Own::PassOver => continue,
                    Own::Cancel => {
                        plan.cancels.push(ask.id);
                        continue;
                    }
                    Own::StopBefore | Own::CancelAndStop => {
                        own_ask = own_ask.or(Some(ask.id));
                        if !want.all_or_none {
                            break;
                        }
                    }
                }
            }
            let bid_first = bid.priority < ask.priority;
            let (price, buyer) = if bid_first { (bid.limit, Liquidity::Maker) } else { (ask.limit, Liquidity::Taker) };
            plan.fills.push(Fill { ask: ask.id, supply: ask.supply().expect("an ask"), gpus, price, buyer });
            wanted -= gpus;
        }
        if want.all_or_none && wanted > 0 {
            return Plan::default();
        }
        if let Some(ask) = own_ask {
            plan.met_own = true;
            if own == Own::CancelAndStop {
                plan.cancels.push(ask);
            }
            if want.all_or_none {
                plan.fills.clear();
            }
        }
        if !plan.fills.is_empty() {
            plan.start = Some(start);
        }
        plan
    }

    /// The most that the bid can take of one ask, after what it takes of others.
    fn quantity(&self, want: &Want, wanted: u32, ask: &Order, start: u32, plan: &Plan) -> u32 {
        let end = start + want.hours;
        let supply = ask.supply().expect("an ask");
        let lot = self.lot(supply).expect("an ask has a lot");
        let taken: u32 = plan.fills.iter().filter(|fill| fill.supply == supply).map(|fill| fill.gpus).sum();
        let least = want.least(wanted);
        let most = wanted.min(lot.free.least(start, end) - taken).min(ask.left(start, end));
        if lot.remnant <= 1 {
            let most = most - most % want.unit;
            return if most < least { 0 } else { most };
        }
        let mut free = lot.free.clone();
        free.change(start, end, |gpus| gpus - taken);
        (least..=most)
            .rev()
            .filter(|gpus| gpus % want.unit == 0)
            .find(|gpus| !leaves_remnant(&free, start, end, *gpus, lot.remnant))
            .unwrap_or(0)
    }
}

/// Whether, for some number of GPUs, a free run shorter than `hours_min` would exist that does not exist before.
fn leaves_remnant(free: &Hours, start: u32, end: u32, gpus: u32, hours_min: u32) -> bool {
    let mut after = free.clone();
    after.change(start, end, |free| free - gpus);
    let mut levels: Vec<u32> = free.gpus.iter().chain(&after.gpus).copied().filter(|level| *level > 0).collect();
    levels.sort_unstable();
    levels.dedup();
    hours_min > 1
        && levels.into_iter().any(|level| {
            let before = runs(free, level);
            runs(&after, level).into_iter().any(|run| run.1 - run.0 < hours_min && !before.contains(&run))
        })
}

/// The longest stretches of hours with at least so many GPUs.
fn runs(free: &Hours, level: u32) -> Vec<(u32, u32)> {
    let mut runs = Vec::new();
    let mut from = None;
    for hour in free.start..=free.end() {
        match (from, free.at(hour) >= level) {
            (None, true) => from = Some(hour),
            (Some(start), false) => {
                runs.push((start, hour));
                from = None;
            }
            _ => {}
        }
    }
    runs
}
