//! A market's stream: how it begins, and the snapshot of the book.

use matching::{OrderId, Price, TermWindow};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

/// How a stream begins.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// Whether the first event is a snapshot of the book; true when not given. A stream that is resumed has none.
    pub snapshot: Option<bool>,
}

/// The orders of a market at one price.
#[derive(Serialize, Deserialize)]
pub struct SnapshotLevel {
    /// Per GPU-hour.
    pub price: Price,
    /// What is left of its orders together.
    pub gpus: u64,
    /// The orders at this price.
    pub orders: Vec<SnapshotOrder>,
}

/// An order without its owner.
#[derive(Serialize, Deserialize)]
pub struct SnapshotOrder {
    /// Its id, which later events name.
    pub id: OrderId,
    /// GPUs ordered.
    pub gpus: u32,
    /// Of a bid, the GPUs that it still wants; of an ask, what it has not sold even in the hour of which it has sold most.
    pub remaining: u32,
    /// The hours to buy, or on offer.
    pub window: TermWindow,
}

/// A market's term book, best prices first.
#[derive(Serialize, Deserialize)]
pub struct Snapshot {
    /// The last event that it includes.
    pub sequence: u64,
    /// What is bid, the highest price first.
    pub bids: Vec<SnapshotLevel>,
    /// What is asked, the lowest price first.
    pub asks: Vec<SnapshotLevel>,
}
