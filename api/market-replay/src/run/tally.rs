//! What became of the orders, as their clients were told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

use super::latency::Latencies;
use super::wire::Order;

/// The two sides of a market, by the term and by the hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Sell orders for terms.
    Asks,
    /// Buy orders for terms.
    Bids,
    /// Sell orders by the hour.
    SpotAsks,
    /// Buy orders by the hour.
    SpotBids,
}

impl Side {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Asks, Self::Bids, Self::SpotAsks, Self::SpotBids];
}

/// How an order was answered.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It came into being.
    Accepted(Order),
    /// It did not, for the reason with this code.
    Refused(String),
    /// Nothing is known of it.
    Unanswered(String),
}

/// One order, answered or given up.
#[derive(Debug)]
pub(super) struct Acknowledgement {
    /// The order's key in the plan.
    pub(super) key: String,
    pub(super) side: Side,
    pub(super) market: String,
    /// From the instant at which it was due.
    pub(super) latency: Duration,
    pub(super) outcome: Outcome,
}

/// Counts of one side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SideCounts {
    /// Orders offered.
    pub sent: u64,
    /// Orders that came into being.
    pub accepted: u64,
    /// Orders that did not.
    pub refused: u64,
    /// Orders of which nothing is known.
    pub unanswered: u64,
    /// Accepted orders by their status in the acknowledgement.
    pub status_at_acknowledgement: BTreeMap<String, u64>,
    /// Accepted orders by their status at the end.
    pub status_at_end: BTreeMap<String, u64>,
}

/// All orders of a replay.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) sides: BTreeMap<Side, SideCounts>,
    pub(super) refusals: BTreeMap<String, u64>,
    /// One of the reasons why orders were given up.
    pub(super) unanswered_because: Option<String>,
    /// Accepted orders: what each is, and its market.
    pub(super) accepted: BTreeMap<String, (Side, String)>,
    /// The ids of accepted orders by their keys in the plan.
    pub(super) ids: BTreeMap<String, String>,
    /// Ids that were given to more than one order.
    pub(super) ids_given_twice: BTreeSet<String>,
    pub(super) latencies: Latencies,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            sides: BTreeMap::from(Side::ALL.map(|side| (side, SideCounts::default()))),
            refusals: BTreeMap::new(),
            unanswered_because: None,
            accepted: BTreeMap::new(),
            ids: BTreeMap::new(),
            ids_given_twice: BTreeSet::new(),
            latencies: Latencies::new(),
        }
    }

    /// Counts one order. Refusals are acknowledgements too and have a latency; orders given up have none.
    pub(super) fn add(&mut self, acknowledgement: Acknowledgement) {
        let Acknowledgement { key, side, market, latency, outcome } = acknowledgement;
        let counts = self.sides.entry(side).or_default();
        counts.sent += 1;
        match outcome {
            Outcome::Accepted(order) => {
                counts.accepted += 1;
                *counts.status_at_acknowledgement.entry(order.status).or_default() += 1;
                self.ids.insert(key, order.id.clone());
                if self.accepted.insert(order.id.clone(), (side, market)).is_some() {
                    self.ids_given_twice.insert(order.id);
                }
            }
            Outcome::Refused(code) => {
                counts.refused += 1;
                *self.refusals.entry(code).or_default() += 1;
            }
            Outcome::Unanswered(reason) => {
                counts.unanswered += 1;
                self.unanswered_because = Some(reason);
                return;
            }
        }
        self.latencies.record(latency);
    }

    /// Sum over all sides.
    pub(super) fn total(&self, count: impl Fn(&SideCounts) -> u64) -> u64 {
        self.sides.values().map(count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acknowledgement(outcome: Outcome) -> Acknowledgement {
        let key = "k".to_owned();
        Acknowledgement { key, side: Side::Bids, market: "m".to_owned(), latency: Duration::from_millis(5), outcome }
    }

    fn accepted(id: &str, status: &str) -> Acknowledgement {
        let (id, kind) = (id.to_owned(), "term".to_owned());
        let order = Order { id, kind, status: status.to_owned(), filled_gpus: 0 };
        acknowledgement(Outcome::Accepted(order))
    }

    #[test]
    fn every_order_is_counted_once_and_only_answers_have_a_latency() {
        let mut tally = Tally::new();
        tally.add(accepted("a", "open"));
        tally.add(accepted("b", "filled"));
        tally.add(acknowledgement(Outcome::Refused("insufficient_funds".to_owned())));
        tally.add(Acknowledgement {
            latency: Duration::from_mins(15),
            ..acknowledgement(Outcome::Unanswered("connection refused".to_owned()))
        });
        let bids = &tally.sides[&Side::Bids];
        assert_eq!((bids.sent, bids.accepted, bids.refused, bids.unanswered), (4, 2, 1, 1));
        assert_eq!(bids.status_at_acknowledgement["open"], 1);
        assert_eq!(tally.refusals["insufficient_funds"], 1);
        assert!(tally.latencies.summary().max_micros < 6000);
        assert_eq!(tally.total(|side| side.sent), 4);
    }

    #[test]
    fn an_id_given_to_two_orders_is_noticed() {
        let mut tally = Tally::new();
        tally.add(accepted("a", "open"));
        tally.add(accepted("a", "open"));
        assert_eq!(tally.ids_given_twice.len(), 1);
    }
}
