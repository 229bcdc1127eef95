//! Why a bid does not fill, by trying everything, however long it takes.

use matching::{Hour, Placement, Price, Unfilled, UnfilledReason, Window, WouldFill};

use crate::Twin;
use crate::book::{Order, Side, Want, gate};
use crate::plan::Own;

impl Twin {
    pub(crate) fn explain(&self, bid: &Order, markets: &[usize], own: Own) -> Unfilled {
        let fills = |change: &dyn Fn(&mut Order, &mut Want), own: Own| {
            let changed = changed(bid, change);
            let plan = self.plan_within(&changed, markets, own, u32::MAX, None);
            (plan.gpus() == changed.want().map_or(0, |want| want.remaining)).then_some(plan)
        };
        let all: Vec<usize> = bid.want().map(|want| want.markets.clone()).unwrap_or_default();
        if markets.len() < all.len()
            && self.plan_within(bid, &all, own, u32::MAX, None).gpus() == bid.want().map_or(0, |want| want.remaining)
        {
            return Unfilled { reason: UnfilledReason::Closed, would_fill: None };
        }
        if let Some(plan) = fills(&|bid, _| bid.limit = Price::MAX.micros(), own) {
            // The lowest limit that reaches them all and can be named in all the markets.
            let worst = plan.fills.iter().map(|fill| fill.price).max().unwrap_or(0);
            let on_tick = |price: &i64| all.iter().all(|at| price % self.markets[*at].spec.price_tick.micros() == 0);
            let price = (worst..=Price::MAX.micros()).find(on_tick).and_then(|price| Price::from_micros(price).ok());
            return Unfilled { reason: UnfilledReason::Price, would_fill: price.map(WouldFill::LimitPrice) };
        }
        if let Some(window) = self.nearest(bid, markets, own) {
            return Unfilled { reason: UnfilledReason::Hours, would_fill: Some(WouldFill::Window(window)) };
        }
        let most = {
            let found = |gpus: &u32| {
                let bid = changed(bid, &|_, want| {
                    want.min = if want.all_or_none { want.unit } else { want.min };
                    (want.all_or_none, want.remaining) = (false, *gpus);
                });
                self.plan_within(&bid, markets, own, u32::MAX, None).gpus()
            };
            let mut tries = std::iter::successors(bid.want().map(|want| want.remaining), |gpus| Some(found(gpus)));
            tries.find(|gpus| found(gpus) == *gpus).filter(|gpus| *gpus > 0).map(WouldFill::Gpus)
        };
        let anywhere = |_: &mut Order, want: &mut Want| (want.placement, want.bound) = (Placement::Any, None);
        let nothing = |_: &mut Order, _: &mut Want| {};
        if fills(&anywhere, own).is_some() {
            let provider = bid.want().is_some_and(|want| want.placement == Placement::OneProvider);
            let reason = if provider { UnfilledReason::Provider } else { UnfilledReason::Fabric };
            return Unfilled { reason, would_fill: most };
        }
        if fills(&nothing, Own::Trade).is_some() {
            return Unfilled { reason: UnfilledReason::SelfTrade, would_fill: None };
        }
        Unfilled { reason: UnfilledReason::Quantity, would_fill: most }
    }

    /// The nearest window of the same length, else from the same start the nearest length.
    fn nearest(&self, bid: &Order, markets: &[usize], own: Own) -> Option<Window> {
        let want = bid.want()?;
        let first = (0..=2).map(|hour| self.now_hour() + hour).find(|hour| gate(*hour, want.gate) > self.now)?;
        let end = self.lots.iter().map(|lot| lot.end).max()?;
        let away = |start: u32| want.earliest.saturating_sub(start).max(start.saturating_sub(want.latest));
        let mut starts: Vec<u32> = (first..=end).filter(|start| away(*start) > 0).collect();
        starts.sort_by_key(|start| (away(*start), *start));
        let from = want.earliest.max(first);
        let mut lengths: Vec<u32> = (1..=end.saturating_sub(from)).filter(|length| *length != want.hours).collect();
        lengths.sort_by_key(|length| (length.abs_diff(want.hours), *length));
        let moved = starts.into_iter().map(|start| (start, want.hours));
        let windows = moved.chain(lengths.into_iter().map(|length| (from, length)));
        let found = windows.into_iter().find(|(start, hours)| self.fills_at(bid, markets, own, *start, *hours));
        found.and_then(|(start, hours)| Window::new(Hour::from_hours(start), Hour::from_hours(start + hours)).ok())
    }

    /// Whether the bid would fill whole in other hours.
    pub(crate) fn fills_at(&self, bid: &Order, markets: &[usize], own: Own, start: u32, hours: u32) -> bool {
        let moved = changed(bid, &|_, want| (want.earliest, want.latest, want.hours) = (start, start, hours));
        Some(self.plan_within(&moved, markets, own, u32::MAX, None).gpus()) == moved.want().map(|want| want.remaining)
    }
}

fn changed(bid: &Order, change: &dyn Fn(&mut Order, &mut Want)) -> Order {
    let mut changed = bid.clone();
    if let Side::Bid(want) = &bid.side {
        let mut want = want.clone();
        change(&mut changed, &mut want);
        changed.side = Side::Bid(want);
    }
    changed
}
