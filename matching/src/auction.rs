//! Uniform-price call auction: finds one price at which bids and asks for an hour meet.
//!
//! The price is on the tick, between the lowest ask and the highest bid, chosen by four rules in turn, as exchanges'
//! call auctions commonly do:
//!
//! 1. most GPUs executed,
//! 2. least surplus,
//! 3. market pressure: a surplus of bids takes the highest such price, one of asks the lowest,
//! 4. nearest to the last clearing price; the lowest when there is none.
//!
//! A bid that would get less than its minimum is taken out and the price computed again. This module knows prices and
//! quantities only: it knows neither parties nor lots.

use ledger::{exact, invariant};

use crate::price::Price;

/// Bid in the auction. The caller ranks bids: best price first, and among equals as it sees fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuctionBid {
    /// Highest price that it accepts.
    pub price: Price,
    /// Largest number of GPUs that it takes.
    pub gpus: u32,
    /// Smallest number of GPUs that it takes; with fewer it gets none.
    pub min_gpus: u32,
}

/// Ask in the auction, ranked by the caller like bids: lowest price first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuctionAsk {
    /// Lowest price that it accepts.
    pub price: Price,
    /// Number of GPUs on offer.
    pub gpus: u32,
}

/// Outcome of an auction in which at least one bid met an ask.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clearing {
    /// Clearing price, which every execution pays.
    pub price: Price,
    /// Number of GPUs executed.
    pub gpus: u64,
    /// GPUs that each bid gets, in the order of the bids.
    pub bids: Vec<u32>,
    /// GPUs that each ask sells, in the order of the asks.
    pub asks: Vec<u32>,
}

/// Clears ranked bids against ranked asks; `None` when no bid reaches an ask.
///
/// Prices must be on `tick`.
pub fn clear(bids: &[AuctionBid], asks: &[AuctionAsk], tick: Price, last: Option<Price>) -> Option<Clearing> {
    let ranked = bids.is_sorted_by(|a, b| a.price >= b.price) && asks.is_sorted_by(|a, b| a.price <= b.price);
    invariant!(ranked, AuctionRanked, "{} bids and {} asks", bids.len(), asks.len());
    let mut demand = Demand::new(bids);
    let mut curves = Curves::new(bids, asks, tick);
    loop {
        let gpus = curves.volume();
        match demand.marginal(gpus) {
            Some((bid, filled)) if filled < u64::from(bids[bid].min_gpus) => {
                demand.take_out(bid);
                curves.take_out(&bids[bid]);
            }
            _ if gpus == 0 => return None,
            _ => {
                let price = curves.price(gpus, last)?;
                let asks = give_out(asks.iter().map(|ask| ask.gpus), gpus);
                return Some(Clearing { price, gpus, bids: give_out(demand.wanted.iter().copied(), gpus), asks });
            }
        }
    }
}

/// Supply and demand by price, around the place where they cross.
///
/// The prices that orders name, and the ticks between two neighbours of them, are *segments*: even ones hold a single
/// named price, odd ones the ticks up to the next. Within a segment neither supply nor demand changes; from one to the
/// next supply never falls and demand never rises.
struct Curves {
    tick: i64,
    /// Prices named by orders, ascending.
    prices: Vec<i64>,
    /// GPUs offered at each of `prices` or below.
    supply: Vec<u64>,
    /// GPUs wanted at exactly each of `prices`.
    wanted: Vec<u64>,
    /// First segment in which supply meets demand. It only ever falls, since bids leave and asks stay.
    crossing: Segment,
}

/// Segment with the GPUs wanted in it.
#[derive(Clone, Copy)]
struct Segment {
    index: usize,
    demand: u64,
}

/// Range of neighbouring segments in which the same executes with the same surplus.
struct Plateau {
    lowest: i64,
    highest: i64,
    /// Surplus in GPUs: of bids when positive, of asks when negative.
    surplus: i128,
}

impl Curves {
    fn new(bids: &[AuctionBid], asks: &[AuctionAsk], tick: Price) -> Self {
        let (mut prices, mut supply, mut wanted) = (Vec::new(), Vec::new(), Vec::new());
        let (mut bids, mut asks) = (bids.iter().rev().peekable(), asks.iter().peekable());
        let mut offered = 0;
        while let Some(price) =
            bids.peek().map(|bid| bid.price).into_iter().chain(asks.peek().map(|ask| ask.price)).min()
        {
            let mut wanted_here = 0;
            while let Some(bid) = bids.next_if(|bid| bid.price == price) {
                wanted_here += u64::from(bid.gpus);
            }
            while let Some(ask) = asks.next_if(|ask| ask.price == price) {
                offered += u64::from(ask.gpus);
            }
            prices.push(price.micros());
            wanted.push(wanted_here);
            supply.push(offered);
        }
        let crossing = Segment { index: 2 * prices.len(), demand: 0 };
        let mut curves = Self { tick: tick.micros(), prices, supply, wanted, crossing };
        curves.find_crossing();
        curves
    }

    /// Moves the crossing down as far as supply meets demand.
    fn find_crossing(&mut self) {
        while let Some(below) = self.below(self.crossing).filter(|below| self.supply_in(*below) >= below.demand) {
            self.crossing = below;
        }
    }

    /// Computes the most GPUs that can execute. From the crossing on, demand limits it and falls as the price rises;
    /// below the crossing, supply limits it and falls with the price. So the largest volume is right at one of the
    /// crossing's two sides.
    fn volume(&self) -> u64 {
        let below = self.below(self.crossing).map_or(0, |below| self.supply_in(below));
        self.crossing.demand.max(below)
    }

    /// Chooses the price at which `gpus`, the most possible, execute.
    fn price(&self, gpus: u64, last: Option<Price>) -> Option<Price> {
        let above = (self.crossing.demand == gpus).then(|| self.plateau(self.crossing));
        let below = self.below(self.crossing).filter(|below| self.supply_in(*below) == gpus);
        let below = below.map(|below| self.plateau(below));
        let Plateau { lowest, highest, surplus } = match (below, above) {
            (Some(below), Some(above)) => match below.surplus.cmp(&-above.surplus) {
                std::cmp::Ordering::Less => below,
                std::cmp::Ordering::Greater => above,
                // Equally good on either side: the pressures cancel out.
                std::cmp::Ordering::Equal => Plateau { lowest: below.lowest, highest: above.highest, surplus: 0 },
            },
            (below, above) => below.or(above)?,
        };
        let price = match surplus {
            1.. => highest,
            0 => last.map_or(lowest, |last| last.micros().clamp(lowest, highest)),
            ..0 => lowest,
        };
        Price::from_micros(price).ok()
    }

    /// Widens a segment to all those around it in which nothing changes.
    fn plateau(&self, segment: Segment) -> Plateau {
        let supply = self.supply_in(segment);
        let same = |other: &Segment| other.demand == segment.demand && self.supply_in(*other) == supply;
        let (mut lowest, mut highest) = (segment, segment);
        while let Some(below) = self.below(lowest).filter(same) {
            lowest = below;
        }
        while let Some(above) = self.above(highest).filter(same) {
            highest = above;
        }
        let surplus = i128::from(segment.demand) - i128::from(supply);
        Plateau { lowest: self.bounds(lowest).0, highest: self.bounds(highest).1, surplus }
    }

    fn supply_in(&self, segment: Segment) -> u64 {
        self.supply[segment.index / 2]
    }

    /// Returns the lowest and the highest price of a segment.
    fn bounds(&self, segment: Segment) -> (i64, i64) {
        let named = self.prices[segment.index / 2];
        if segment.index.is_multiple_of(2) {
            (named, named)
        } else {
            (named + self.tick, self.prices[segment.index / 2 + 1] - self.tick)
        }
    }

    /// Finds the next segment below that has a price in it.
    fn below(&self, segment: Segment) -> Option<Segment> {
        let index = segment.index.checked_sub(1)?;
        if index.is_multiple_of(2) {
            return Some(Segment { index, demand: segment.demand + self.wanted[index / 2] });
        }
        let between = Segment { index, ..segment };
        if index / 2 + 1 < self.prices.len() && self.has_prices(between) { Some(between) } else { self.below(between) }
    }

    /// Finds the next segment above that has a price in it.
    fn above(&self, segment: Segment) -> Option<Segment> {
        let index = segment.index + 1;
        if index / 2 + 1 >= self.prices.len() && !index.is_multiple_of(2) {
            return None;
        }
        if index.is_multiple_of(2) {
            return Some(Segment { index, ..segment });
        }
        let between = Segment { index, demand: segment.demand - self.wanted[index / 2] };
        if self.has_prices(between) { Some(between) } else { self.above(between) }
    }

    fn has_prices(&self, segment: Segment) -> bool {
        let (lowest, highest) = self.bounds(segment);
        lowest <= highest
    }

    fn take_out(&mut self, bid: &AuctionBid) {
        let named = self.prices.partition_point(|named| *named < bid.price.micros());
        self.wanted[named] -= u64::from(bid.gpus);
        if 2 * named >= self.crossing.index {
            self.crossing.demand -= u64::from(bid.gpus);
        }
        self.find_crossing();
    }
}

/// Quantities of ranked bids as a Fenwick tree, which finds the bid at a cumulative quantity in logarithmic time.
struct Demand {
    tree: Vec<u64>,
    /// GPUs that each bid wants; zero once it is taken out.
    wanted: Vec<u32>,
}

impl Demand {
    fn new(bids: &[AuctionBid]) -> Self {
        let mut tree = vec![0; bids.len() + 1];
        for (node, bid) in (1..).zip(bids) {
            tree[node] += u64::from(bid.gpus);
            let parent = node + lowest_bit(node);
            if parent < tree.len() {
                tree[parent] += tree[node];
            }
        }
        Self { tree, wanted: bids.iter().map(|bid| bid.gpus).collect() }
    }

    fn take_out(&mut self, bid: usize) {
        let gpus = std::mem::take(&mut self.wanted[bid]);
        let mut node = bid + 1;
        while node < self.tree.len() {
            self.tree[node] -= u64::from(gpus);
            node += lowest_bit(node);
        }
    }

    /// Finds the bid within which `gpus`, given out by rank, end, and what it gets of them; `None` when they end
    /// between two bids.
    fn marginal(&self, gpus: u64) -> Option<(usize, u64)> {
        let (mut node, mut left) = (0, gpus);
        let mut step = self.tree.len().next_power_of_two();
        while step > 0 {
            let next = node + step;
            if next < self.tree.len() && self.tree[next] <= left {
                (node, left) = (next, left - self.tree[next]);
            }
            step /= 2;
        }
        (node < self.wanted.len() && left > 0).then_some((node, left))
    }
}

/// Returns the lowest set bit of a number other than zero.
const fn lowest_bit(number: usize) -> usize {
    number & !(number - 1)
}

/// Gives `gpus` out in turn and returns what each order gets.
fn give_out(orders: impl Iterator<Item = u32>, mut gpus: u64) -> Vec<u32> {
    let give = |wanted: u32| {
        let given = u64::from(wanted).min(gpus);
        gpus -= given;
        exact(given)
    };
    orders.map(give).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The clearing price and volume by trying every tick.
    fn try_every_tick(bids: &[AuctionBid], asks: &[AuctionAsk], last: Option<Price>) -> Option<(i64, u64)> {
        let lowest = asks.iter().filter(|ask| ask.gpus > 0).map(|ask| ask.price.micros()).min()?;
        let highest = bids.iter().map(|bid| bid.price.micros()).max()?;
        let at = |price: i64| {
            let demand: i64 =
                bids.iter().filter(|bid| bid.price.micros() >= price).map(|bid| i64::from(bid.gpus)).sum();
            let supply: i64 =
                asks.iter().filter(|ask| ask.price.micros() <= price).map(|ask| i64::from(ask.gpus)).sum();
            (price, demand.min(supply), demand - supply)
        };
        let mut ticks: Vec<_> = (lowest..=highest).map(at).collect();
        let most = ticks.iter().map(|(_, gpus, _)| *gpus).max()?;
        ticks.retain(|(_, gpus, _)| *gpus == most && *gpus > 0);
        let closest = ticks.iter().map(|(_, _, surplus)| surplus.abs()).min()?;
        ticks.retain(|(_, _, surplus)| surplus.abs() == closest);
        let (first, end) = (ticks.first()?.0, ticks.last()?.0);
        let price = match () {
            () if ticks.iter().all(|(_, _, surplus)| *surplus > 0) => end,
            () if ticks.iter().all(|(_, _, surplus)| *surplus < 0) => first,
            () => last.map_or(first, |last| last.micros().clamp(first, end)),
        };
        Some((price, u64::try_from(most).ok()?))
    }

    /// The whole auction in so many words: compute, look for the bid that gets too little, take it out, compute again.
    fn in_so_many_words(bids: &[AuctionBid], asks: &[AuctionAsk], last: Option<Price>) -> Option<Clearing> {
        let mut left = bids.to_vec();
        loop {
            let (price, gpus) =
                try_every_tick(&left.iter().copied().filter(|bid| bid.gpus > 0).collect::<Vec<_>>(), asks, last)?;
            let given = give_out(left.iter().map(|bid| bid.gpus), gpus);
            let short = |(bid, given): (&AuctionBid, &u32)| *given > 0 && *given < bid.gpus && *given < bid.min_gpus;
            if let Some(index) = left.iter().zip(&given).rposition(short) {
                left[index].gpus = 0;
                continue;
            }
            let price = Price::from_micros(price).expect("in range");
            let asks = give_out(asks.iter().map(|ask| ask.gpus), gpus);
            return Some(Clearing { price, gpus, bids: given, asks });
        }
    }

    fn price(micros: i64) -> Price {
        Price::from_micros(micros).expect("in range")
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn clears_as_the_rules_say(
            mut bids in prop::collection::vec((1..14i64, 1..9u32, 1..9u32), 0..12),
            mut asks in prop::collection::vec((1..14i64, 0..9u32), 0..12),
            last in prop::option::of(1..16i64),
        ) {
            bids.sort_by_key(|bid| -bid.0);
            asks.sort_by_key(|ask| ask.0);
            let bids: Vec<_> = bids
                .into_iter()
                .map(|(limit, gpus, min)| AuctionBid { price: price(limit), gpus, min_gpus: min.min(gpus) })
                .collect();
            let asks: Vec<_> = asks.into_iter().map(|(limit, gpus)| AuctionAsk { price: price(limit), gpus }).collect();
            let last = last.map(price);
            let cleared = clear(&bids, &asks, price(1), last);
            prop_assert_eq!(&cleared, &in_so_many_words(&bids, &asks, last));
            let Some(cleared) = cleared else { return Ok(()) };
            for (bid, given) in bids.iter().zip(&cleared.bids) {
                prop_assert!(*given == 0 || (*given >= bid.min_gpus && bid.price >= cleared.price));
            }
            for (ask, sold) in asks.iter().zip(&cleared.asks) {
                prop_assert!(*sold == 0 || ask.price <= cleared.price);
            }
        }
    }
}
