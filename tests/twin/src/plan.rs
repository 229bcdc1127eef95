//! What a bid would buy, by trying everything.

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

#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub start: Option<u32>,
    pub fills: Vec<Fill>,
    pub met_own: bool,
    pub cancels: Vec<OrderId>,
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
}

impl Twin {
    /// What a bid would buy in these markets at present; `bid.priority` is its place in time, the last of all when it arrives.
    pub(crate) fn plan(&self, bid: &Order, markets: &[usize], own: Own) -> Plan {
        let Some(want) = bid.want() else { return Plan::default() };
        if want.earliest == want.latest {
            return self.plan_at(bid, want, markets, want.earliest, own);
        }
        let mut best = Plan::default();
        for start in (want.earliest..=want.latest).filter(|start| gate(*start, want.gate) > self.now) {
            let plan = self.plan_at(bid, want, markets, start, own);
            let touches_own = |plan: &Plan| plan.met_own || !plan.cancels.is_empty();
            let better = plan.gpus() > best.gpus()
                || (plan.gpus() > 0 && plan.gpus() == best.gpus() && plan.cost() < best.cost())
                || (best.gpus() == 0 && !touches_own(&best) && touches_own(&plan));
            if better {
                best = plan;
            }
        }
        best
    }

    /// The term asks that offer this window to this bid, the best first.
    fn offers(&self, bid: &Order, want: &Want, markets: &[usize], start: u32) -> Vec<&Order> {
        let end = start + want.hours;
        let serves = |ask: &&Order| {
            ask.limit <= bid.limit
                && ask.offer().is_some_and(|offer| {
                    markets.contains(&offer.market)
                        && offer.start <= start
                        && end <= offer.end
                        && (offer.min_hours..=offer.max_hours).contains(&want.hours)
                })
        };
        let mut asks: Vec<&Order> = self.orders.iter().filter(serves).collect();
        asks.sort_by_key(|ask| (ask.limit, ask.priority));
        asks
    }

    fn plan_at(&self, bid: &Order, want: &Want, markets: &[usize], start: u32, own: Own) -> Plan {
        let asks = self.offers(bid, want, markets, start);
        let of = |bound: Bound| -> Vec<&Order> { asks.iter().copied().filter(|ask| self.is_of(ask, bound)).collect() };
        match (want.bound, want.placement) {
            (Some(bound), _) => self.take(bid, want, &of(bound), start, own),
            (None, Placement::Any) => self.take(bid, want, &asks, start, own),
            (None, placement) => {
                let carries = if own == Own::PassOver { Own::PassOver } else { Own::Trade };
                let trades = |ask: &&&Order| {
                    (carries == Own::Trade || ask.organization != bid.organization)
                        && self.quantity(want, want.remaining, ask, start, &Plan::default()) > 0
                };
                let groups: Vec<(Bound, u32)> = asks
                    .iter()
                    .filter(trades)
                    .map(|ask| self.bound_by(ask, placement))
                    .map(|bound| (bound, self.take(bid, want, &of(bound), start, carries).gpus()))
                    .collect();
                let whole = groups.iter().find(|(_, gpus)| *gpus == want.remaining);
                let some = groups.iter().find(|(_, gpus)| *gpus > 0);
                whole.or(some).map_or_else(Plan::default, |(bound, _)| self.take(bid, want, &of(*bound), start, own))
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
    fn take(&self, bid: &Order, want: &Want, asks: &[&Order], start: u32, own: Own) -> Plan {
        let mut plan = Plan::default();
        let mut wanted = want.remaining;
        let mut own_ask = None;
        for ask in asks {
            let gpus = self.quantity(want, wanted, ask, start, &plan);
            if gpus == 0 || wanted == 0 {
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
        let least = if want.all_or_none { want.unit } else { want.min.min(wanted) };
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
