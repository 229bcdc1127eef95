//! The hourly auction, tick by tick, and what is left over of it.

use std::collections::BTreeMap;

use matching::{Hour, MissedCause, OrderId, Price};

use crate::book::{MICROS_PER_HOUR, MICROS_PER_MINUTE, Order, Sale, Side, SpotHour};
use crate::{Told, Twin};

/// A bid or an ask in an auction, ranked.
#[derive(Clone, Copy, Debug)]
struct Stand {
    id: OrderId,
    limit: i64,
    gpus: u32,
    min: u32,
}

impl Twin {
    fn spot_orders(&self, market: usize) -> (Vec<&Order>, Vec<&Order>) {
        let here = self.orders.iter().filter(|order| order.trades_in(market));
        let bids = here.clone().filter(|order| matches!(order.side, Side::SpotBid { .. })).collect();
        (bids, here.filter(|order| matches!(order.side, Side::SpotAsk { .. })).collect())
    }

    /// Whether an auction has something to do: both sides stand, or somebody may be interrupted.
    pub(crate) fn has_auction(&self, market: usize) -> bool {
        let (bids, asks) = self.spot_orders(market);
        (!bids.is_empty() && !asks.is_empty()) || self.markets[market].spot.values().any(|hour| !hour.sales.is_empty())
    }

    pub(crate) fn auction(&mut self, market: usize, hour: u32, led: bool) {
        let before = self.markets[market].spot.get(&(hour - 1)).cloned().unwrap_or_default();
        let id = self.markets[market].spec.id;
        if !led || self.markets[market].halted {
            let cause = if led { MissedCause::Halted } else { MissedCause::NobodyLed };
            self.tell(Told::Missed { market: id, hour: Hour::from_hours(hour), cause });
            self.markets[market].spot.entry(hour).or_default().void = true;
            self.interrupt(hour, &before, &BTreeMap::new());
            return;
        }
        let (bids, asks) = self.ranked(market, hour, &before);
        let tick = self.markets[market].spec.price_tick.micros();
        let cleared = clear(&bids, &asks, tick, self.markets[market].last_spot);
        let total = |side: &[Stand]| side.iter().map(|stand| u64::from(stand.gpus)).sum();
        self.tell(Told::Auctioned {
            market: id,
            hour: Hour::from_hours(hour),
            price: cleared.as_ref().and_then(|(price, ..)| Price::from_micros(*price).ok()),
            gpus: cleared.as_ref().map_or(0, |(_, bought, _)| bought.iter().sum()),
            gpus_bid: total(&bids),
            gpus_offered: total(&asks),
        });
        self.markets[market].spot.entry(hour).or_default().price = cleared.as_ref().map(|(price, ..)| *price);
        let mut got = BTreeMap::new();
        if let Some((price, bought, sold)) = cleared {
            self.markets[market].last_spot = Some(price);
            got = bids.iter().zip(&bought).map(|(bid, gpus)| (bid.id, *gpus)).collect();
            for (bid, ask, gpus) in pairs(&bids, bought, &asks, sold, &before.sales) {
                self.sell_hour(market, hour, bid, ask, gpus, price, 60);
            }
        }
        self.interrupt(hour, &before, &got);
    }

    fn ranked(&self, market: usize, hour: u32, before: &SpotHour) -> (Vec<Stand>, Vec<Stand>) {
        let (mut bids, mut asks) = self.spot_orders(market);
        let had = |id: OrderId| before.sales.iter().any(|sale| sale.bid == id);
        let served = |id: OrderId| before.sales.iter().any(|sale| sale.ask == id);
        bids.sort_by_key(|bid| (-bid.limit, !had(bid.id), bid.priority));
        asks.sort_by_key(|ask| (ask.limit, !served(ask.id), ask.priority));
        let bids = bids.into_iter().map(|bid| {
            let min = if let Side::SpotBid { min, .. } = bid.side { min } else { 0 };
            Stand { id: bid.id, limit: bid.limit, gpus: bid.gpus, min }
        });
        let lot_size = self.markets[market].spec.lot_size;
        let mut offered = Vec::new();
        let mut taken = BTreeMap::new();
        for ask in asks {
            let Side::SpotAsk { supply, start, end, .. } = ask.side else { continue };
            if !(start..end).contains(&hour) {
                continue;
            }
            let taken = taken.entry(supply).or_insert(0);
            let free = self.lot(supply).map_or(0, |lot| lot.free.at(hour)) - *taken;
            let gpus = ask.gpus.min(free) / lot_size * lot_size;
            *taken += gpus;
            offered.push(Stand { id: ask.id, limit: ask.limit, gpus, min: 0 });
        }
        (bids.collect(), offered)
    }

    #[expect(clippy::too_many_arguments, reason = "a sale in so many words")]
    fn sell_hour(&mut self, market: usize, hour: u32, bid: OrderId, ask: OrderId, gpus: u32, price: i64, minutes: u32) {
        let Some(supply) = self.find(ask).and_then(Order::supply) else { return };
        let lot = self.lot_mut(supply).expect("the ask has a lot");
        lot.free.change(hour, hour + 1, |free| free - gpus);
        let lot = lot.id;
        self.markets[market].spot.entry(hour).or_default().sales.push(Sale { bid, ask, gpus });
        let price = Price::from_micros(price).expect("a price");
        self.tell(Told::Sold { hour: Hour::from_hours(hour), bid, ask, lot, gpus, price, minutes });
    }

    fn interrupt(&mut self, hour: u32, before: &SpotHour, got: &BTreeMap<OrderId, u32>) {
        let mut had: BTreeMap<OrderId, u32> = BTreeMap::new();
        for sale in &before.sales {
            *had.entry(sale.bid).or_default() += sale.gpus;
        }
        for (order, had) in had {
            let kept = got.get(&order).copied().unwrap_or(0).min(had);
            if kept < had && self.find(order).is_some() {
                self.tell(Told::Interrupted { order, hour: Hour::from_hours(hour), gpus: had - kept, kept });
            }
        }
    }

    /// What an arriving bid buys of the hour in progress, and of the next once its gate has passed.
    pub(crate) fn buy_left_over(&mut self, bid: &Order, market: usize, min: u32) {
        if self.markets[market].halted {
            return;
        }
        let current = self.now_hour();
        for hour in [current, current + 1] {
            let sold = self.markets[market].spot.get(&hour).cloned().unwrap_or_default();
            let gate = crate::book::gate(hour, self.markets[market].spec.gate_minutes);
            if gate > self.now || sold.void {
                continue;
            }
            let left = (i64::from(hour + 1) * MICROS_PER_HOUR - self.now) / MICROS_PER_MINUTE;
            let minutes = u32::try_from(left.min(60)).unwrap_or(0);
            let mut buys = Vec::new();
            let mut wanted = bid.gpus;
            let mut asks = self.spot_orders(market).1;
            asks.sort_by_key(|ask| (ask.limit, ask.priority));
            let mut taken = BTreeMap::new();
            for ask in asks {
                let Side::SpotAsk { supply, start, end, .. } = ask.side else { continue };
                let price = ask.limit.max(sold.price.unwrap_or(0));
                if ask.organization == bid.organization || !(start..end).contains(&hour) || price > bid.limit {
                    continue;
                }
                let sold_by: u32 = sold.sales.iter().filter(|sale| sale.ask == ask.id).map(|sale| sale.gpus).sum();
                let taken = taken.entry(supply).or_insert(0);
                let free = self.lot(supply).map_or(0, |lot| lot.free.at(hour)) - *taken;
                let lot_size = self.markets[market].spec.lot_size;
                let gpus = wanted.min(ask.gpus.saturating_sub(sold_by)).min(free) / lot_size * lot_size;
                if gpus > 0 && minutes > 0 {
                    *taken += gpus;
                    wanted -= gpus;
                    buys.push((ask.id, gpus, price));
                }
            }
            if bid.gpus - wanted >= min {
                for (ask, gpus, price) in buys {
                    self.sell_hour(market, hour, bid.id, ask, gpus, price, minutes);
                }
            }
        }
    }
}

/// The clearing price, and what each bid and each ask gets.
fn clear(bids: &[Stand], asks: &[Stand], tick: i64, last: Option<i64>) -> Option<(i64, Vec<u32>, Vec<u32>)> {
    let mut bids = bids.to_vec();
    loop {
        let standing = bids.iter().filter(|bid| bid.gpus > 0);
        let (low, high) = (
            asks.iter().filter(|ask| ask.gpus > 0).map(|ask| ask.limit).min()?,
            standing.clone().map(|bid| bid.limit).max()?,
        );
        let at = |price: i64| {
            let demand: i64 = bids.iter().filter(|bid| bid.limit >= price).map(|bid| i64::from(bid.gpus)).sum();
            let supply: i64 = asks.iter().filter(|ask| ask.limit <= price).map(|ask| i64::from(ask.gpus)).sum();
            (price, demand.min(supply), demand - supply)
        };
        let mut prices: Vec<(i64, i64, i64)> = (low / tick..=high / tick).map(|ticks| at(ticks * tick)).collect();
        let most = prices.iter().map(|(_, gpus, _)| *gpus).max().filter(|gpus| *gpus > 0)?;
        prices.retain(|(_, gpus, _)| *gpus == most);
        let surplus = prices.iter().map(|(_, _, surplus)| surplus.abs()).min()?;
        prices.retain(|(_, _, other)| other.abs() == surplus);
        let price = if prices.iter().all(|(_, _, surplus)| *surplus > 0) {
            prices.last()?.0
        } else if prices.iter().all(|(_, _, surplus)| *surplus < 0) {
            prices.first()?.0
        } else {
            let away = |price: i64| last.map_or(0, |last| (price - last).abs());
            prices.iter().map(|(price, ..)| *price).min_by_key(|price| (away(*price), *price))?
        };
        let most = u32::try_from(most).ok()?;
        let bought = give(&bids, most);
        let short = (0..bids.len()).rev().find(|bid| bought[*bid] > 0 && bought[*bid] < bids[*bid].min);
        match short {
            Some(bid) => bids[bid].gpus = 0,
            None => return Some((price, bought, give(asks, most))),
        }
    }
}

fn give(ranked: &[Stand], mut gpus: u32) -> Vec<u32> {
    let mut given = Vec::new();
    for stand in ranked {
        let to_it = stand.gpus.min(gpus);
        gpus -= to_it;
        given.push(to_it);
    }
    given
}

/// Who serves whom: those who were together stay together, then in turn.
fn pairs(
    bids: &[Stand],
    mut bought: Vec<u32>,
    asks: &[Stand],
    mut sold: Vec<u32>,
    before: &[Sale],
) -> Vec<(OrderId, OrderId, u32)> {
    let mut wishes: Vec<(usize, usize, u32)> = Vec::new();
    for sale in before {
        let bid = bids.iter().position(|bid| bid.id == sale.bid);
        let ask = asks.iter().position(|ask| ask.id == sale.ask);
        wishes.extend(bid.zip(ask).map(|(bid, ask)| (bid, ask, sale.gpus)));
    }
    for bid in 0..bids.len() {
        wishes.extend((0..asks.len()).map(|ask| (bid, ask, u32::MAX)));
    }
    let mut pairs = Vec::new();
    for (bid, ask, most) in wishes {
        let gpus = most.min(bought[bid]).min(sold[ask]);
        if gpus > 0 {
            bought[bid] -= gpus;
            sold[ask] -= gpus;
            pairs.push((bids[bid].id, asks[ask].id, gpus));
        }
    }
    pairs
}
