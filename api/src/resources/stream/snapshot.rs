//! The term book whole, as a stream's clients keep it: every order with what is left of it.

use std::collections::{BTreeMap, BTreeSet};

use matching::{Exchange, MarketKey, OrderId, Price};
use wire::stream::{Snapshot, SnapshotLevel, SnapshotOrder};

pub(super) fn snapshot_of(exchange: &Exchange, market: MarketKey) -> Snapshot {
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
    Snapshot { sequence: exchange.sequence(), bids, asks: levels(asks) }
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
