//! The term book whole, as a stream's clients keep it: every order with what is left of it.

use std::collections::{BTreeMap, BTreeSet};

use matching::{Exchange, MarketKey, OrderId, Price, TermWindow};
use serde::Serialize;

/// The orders of a market at one price.
#[derive(Serialize)]
struct SnapshotLevel {
    price: Price,
    /// What is left of its orders together.
    gpus: u64,
    orders: Vec<SnapshotOrder>,
}

/// An order without its owner.
#[derive(Serialize)]
struct SnapshotOrder {
    id: OrderId,
    gpus: u32,
    /// Of a bid, the GPUs that it still wants; of an ask, what it has not sold even in the hour of which it has sold most.
    remaining: u32,
    window: TermWindow,
}

/// A market's term book, best prices first.
#[derive(Serialize)]
pub(super) struct Snapshot {
    /// The last event that it includes.
    pub(super) sequence: u64,
    bids: Vec<SnapshotLevel>,
    asks: Vec<SnapshotLevel>,
}

impl Snapshot {
    pub(super) fn of(exchange: &Exchange, market: MarketKey) -> Self {
        let venue = exchange.venue();
        let bids = venue.bids(market).map(|bid| {
            let (gpus, remaining, window) = (bid.gpus, bid.terms.remaining, bid.terms.window);
            (bid.terms.limit_price, SnapshotOrder { id: bid.id, gpus, remaining, window })
        });
        let asks = venue.asks(market).map(|ask| {
            let (gpus, remaining, window) = (ask.gpus, ask.remaining.min(), ask.window.into());
            (ask.limit_price, SnapshotOrder { id: ask.id, gpus, remaining, window })
        });
        let mut bids = levels(bids);
        bids.reverse();
        Self { sequence: exchange.sequence(), bids, asks: levels(asks) }
    }
}

/// The bids here that trade in other markets as well: what happens to them there changes this book.
pub(super) fn roaming(exchange: &Exchange, market: MarketKey) -> BTreeSet<OrderId> {
    exchange.venue().bids(market).filter(|bid| bid.markets.len() > 1).map(|bid| bid.id).collect()
}

fn levels(orders: impl Iterator<Item = (Price, SnapshotOrder)>) -> Vec<SnapshotLevel> {
    let mut levels: BTreeMap<Price, Vec<SnapshotOrder>> = BTreeMap::new();
    for (price, order) in orders {
        levels.entry(price).or_default().push(order);
    }
    let level = |(price, orders): (Price, Vec<SnapshotOrder>)| {
        let gpus = orders.iter().map(|order| u64::from(order.remaining)).sum();
        SnapshotLevel { price, gpus, orders }
    };
    levels.into_iter().map(level).collect()
}
