//! The trading venue: markets, lots and resting orders, and the plan of what a bid would buy.
//!
//! The venue owns supply and the order books. It promises that a plan never sells an hour of a lot twice and that
//! candidates rank by price, then by time. It knows no money: funds, fees and holds are the exchange's business.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Bound;

use ledger::OrganizationId;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::{Ask, Bid, BidTerms, Lot, LotId, MarketId, MarketSpec, Order, OrderId, Price, Window};

/// A bid's place in its book: best price first, then earliest.
pub type BidRank = (Reverse<Price>, u64);
/// An ask's place in its book: best price first, then earliest.
pub type AskRank = (Price, u64);

/// One market with its book.
#[derive(Clone, Debug)]
pub struct Market {
    /// The terms on which it trades.
    pub spec: MarketSpec,
    bids: BTreeMap<BidRank, OrderId>,
    asks: BTreeMap<AskRank, OrderId>,
}

/// Markets, lots and the orders at rest.
#[derive(Clone, Debug, Default)]
pub struct Venue {
    markets: BTreeMap<MarketId, Market>,
    lots: FxHashMap<LotId, Lot>,
    orders: FxHashMap<OrderId, Order>,
}

/// One trade that a plan would make.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Execution {
    /// The ask.
    pub ask: OrderId,
    /// The lot behind it.
    pub lot: LotId,
    /// Whose lot.
    pub seller: OrganizationId,
    /// How many GPUs.
    pub gpus: u32,
    /// At what price: that of the order which rested first.
    pub price: Price,
}

/// What a bid would buy now.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// The trades, best candidate first.
    pub executions: SmallVec<[Execution; 4]>,
    /// Whether the plan ended at an ask of the bidder's own.
    pub met_own_order: bool,
}

impl Plan {
    /// The GPUs of all its trades.
    pub fn gpus(&self) -> u32 {
        self.executions.iter().map(|execution| execution.gpus).sum()
    }

    /// GPUs of one lot that the plan has taken already.
    fn taken_from(&self, lot: LotId) -> u32 {
        self.executions.iter().filter(|execution| execution.lot == lot).map(|execution| execution.gpus).sum()
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

impl Venue {
    /// Opens a market that is not open yet.
    pub fn open(&mut self, spec: MarketSpec) {
        self.markets.insert(spec.id, Market { spec, bids: BTreeMap::new(), asks: BTreeMap::new() });
    }

    /// Every market, by name.
    pub fn markets(&self) -> impl Iterator<Item = &Market> {
        self.markets.values()
    }

    /// The market of this name.
    pub fn market(&self, id: MarketId) -> Option<&Market> {
        self.markets.get(&id)
    }

    /// The lot with this id, while its window lasts.
    pub fn lot(&self, id: LotId) -> Option<&Lot> {
        self.lots.get(&id)
    }

    /// Every lot, by id.
    pub fn lots(&self) -> Vec<&Lot> {
        let mut lots: Vec<_> = self.lots.values().collect();
        lots.sort_unstable_by_key(|lot| lot.id);
        lots
    }

    /// The order with this id, while it rests.
    pub fn order(&self, id: OrderId) -> Option<&Order> {
        self.orders.get(&id)
    }

    /// Every order at rest, by id.
    pub fn orders(&self) -> Vec<(OrderId, &Order)> {
        let mut orders: Vec<_> = self.orders.iter().map(|(id, order)| (*id, order)).collect();
        orders.sort_unstable_by_key(|(id, _)| *id);
        orders
    }

    /// The bids at rest in a market, best first.
    pub fn bids(&self, market: MarketId) -> impl Iterator<Item = &Bid> {
        let ranked = self.markets.get(&market).into_iter().flat_map(|market| market.bids.values());
        ranked.filter_map(|id| self.bid(*id))
    }

    /// The asks at rest in a market, best first.
    pub fn asks(&self, market: MarketId) -> impl Iterator<Item = &Ask> {
        let ranked = self.markets.get(&market).into_iter().flat_map(|market| market.asks.values());
        ranked.filter_map(|id| self.ask(*id))
    }

    /// The bid with this id, while it rests.
    pub fn bid(&self, id: OrderId) -> Option<&Bid> {
        match self.orders.get(&id)? {
            Order::Bid(bid) => Some(bid),
            Order::Ask(_) => None,
        }
    }

    /// The ask with this id, while it rests.
    pub fn ask(&self, id: OrderId) -> Option<&Ask> {
        match self.orders.get(&id)? {
            Order::Ask(ask) => Some(ask),
            Order::Bid(_) => None,
        }
    }

    /// Adds a lot.
    pub fn add_lot(&mut self, lot: Lot) {
        self.lots.insert(lot.id, lot);
    }

    /// Removes a lot whose window has passed.
    pub fn remove_lot(&mut self, id: LotId) {
        self.lots.remove(&id);
    }

    /// Puts an order to rest in its market's book.
    pub fn rest(&mut self, order: Order) {
        let Some(market) = self.markets.get_mut(&order.market()) else { return };
        let id = match &order {
            Order::Bid(bid) => {
                market.bids.insert(bid_rank(bid), bid.id);
                bid.id
            }
            Order::Ask(ask) => {
                market.asks.insert((ask.limit_price, ask.priority), ask.id);
                ask.id
            }
        };
        self.orders.insert(id, order);
    }

    /// Takes an order out of its book.
    pub fn remove(&mut self, id: OrderId) -> Option<Order> {
        let order = self.orders.remove(&id)?;
        if let Some(market) = self.markets.get_mut(&order.market()) {
            match &order {
                Order::Bid(bid) => market.bids.remove(&bid_rank(bid)),
                Order::Ask(ask) => market.asks.remove(&(ask.limit_price, ask.priority)),
            };
        }
        Some(order)
    }

    /// Carries out a trade: the lot and the ask lose the hours, the bid wants fewer GPUs. Orders stay in their books
    /// until [`Venue::remove`].
    pub fn fill(&mut self, bid: OrderId, ask: OrderId, gpus: u32, window: Window) {
        if let Some(Order::Bid(bid)) = self.orders.get_mut(&bid) {
            bid.terms.remaining = bid.terms.remaining.saturating_sub(gpus);
        }
        let Some(Order::Ask(ask)) = self.orders.get_mut(&ask) else { return };
        ask.remaining.take(window, gpus);
        if let Some(lot) = self.lots.get_mut(&ask.lot) {
            lot.residual.take(window, gpus);
        }
    }

    /// What a bid would buy now, up to what remains of it. An all-or-none bid that cannot have all gets nothing.
    ///
    /// Asks of the bidder's own organization end an arriving bid's plan (self-trade prevention, the newest gives way) and are
    /// passed over for a bid at rest.
    pub fn plan(&self, market: MarketId, bidder: OrganizationId, terms: &BidTerms, arrival: Arrival) -> Plan {
        let mut plan = Plan::default();
        let Some(market) = self.markets.get(&market) else { return plan };
        let lot_size = market.spec.lot_size;
        let mut wanted = terms.remaining;
        for ask in market.asks.range(..=(terms.limit_price, u64::MAX)).filter_map(|(_, id)| self.ask(*id)) {
            let open = BidTerms { remaining: wanted, ..*terms };
            let available = self.available(ask, terms.window, lot_size).saturating_sub(plan.taken_from(ask.lot));
            let gpus = available.min(wanted);
            if gpus == 0 || gpus < open.minimum(lot_size) {
                continue;
            }
            if ask.organization == bidder {
                if arrival == Arrival::Now {
                    plan.met_own_order = true;
                    break;
                }
                continue;
            }
            let price = match arrival {
                Arrival::At(since) if since < ask.priority => terms.limit_price,
                Arrival::At(_) | Arrival::Now => ask.limit_price,
            };
            plan.executions.push(Execution { ask: ask.id, lot: ask.lot, seller: ask.organization, gpus, price });
            wanted -= gpus;
            if wanted == 0 {
                break;
            }
        }
        if terms.all_or_none && wanted > 0 {
            plan.executions.clear();
        }
        plan
    }

    /// What is on offer for a whole window, best price first: the price and the GPUs of each ask that can sell some. Asks that share
    /// a lot together show no more than it has free.
    pub fn depth(&self, market: MarketId, window: Window) -> Vec<(Price, u32)> {
        let Some(lot_size) = self.markets.get(&market).map(|market| market.spec.lot_size) else { return Vec::new() };
        let mut left: FxHashMap<LotId, u32> = FxHashMap::default();
        let offered = self.asks(market).filter_map(|ask| {
            let free = self.lots.get(&ask.lot).map_or(0, |lot| lot.residual.min_over(window));
            let left = left.entry(ask.lot).or_insert(free - free % lot_size);
            let gpus = self.available(ask, window, lot_size).min(*left);
            *left -= gpus;
            (gpus > 0).then_some((ask.limit_price, gpus))
        });
        offered.collect()
    }

    /// The next bid after `cursor` that a newly rested ask could serve, with its place in the book.
    pub fn next_bid_for(&self, ask: &Ask, cursor: Option<BidRank>) -> Option<(BidRank, &Bid)> {
        let market = self.markets.get(&ask.market)?;
        let from = cursor.map_or(Bound::Unbounded, Bound::Excluded);
        let worst = Bound::Included((Reverse(ask.limit_price), u64::MAX));
        if cursor.is_some_and(|(price, _)| price > Reverse(ask.limit_price)) {
            return None;
        }
        let lot_size = market.spec.lot_size;
        market.bids.range((from, worst)).find_map(|(rank, id)| {
            let bid = self.bid(*id)?;
            (self.available(ask, bid.terms.window, lot_size) > 0).then_some((*rank, bid))
        })
    }

    /// How many GPUs an ask can sell over a window, in whole multiples of the lot size.
    fn available(&self, ask: &Ask, window: Window, lot_size: u32) -> u32 {
        if !ask.window.covers(window) || !ask.hours.contains(window.hours()) {
            return 0;
        }
        let Some(lot) = self.lots.get(&ask.lot) else { return 0 };
        let free = lot.residual.min_over(window).min(ask.remaining.min_over(window));
        free - free % lot_size
    }
}

fn bid_rank(bid: &Bid) -> BidRank {
    (Reverse(bid.terms.limit_price), bid.priority)
}
