//! Limits on the work for one command, and on what there may be to search.

use serde::{Deserialize, Serialize};

/// Bounds on the work of a search and on what there is to search.
///
/// They are settings of whoever decides and no part of the state: the results of a decision are in its events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Largest number of candidates that one search for a bid's trades looks at; an eighth of it for asks of one owner.
    /// A candidate is a start and an ask of at least the bid's minimum, up to its limit price, for its length, whose
    /// lot has free capacity in every hour.
    pub search_candidates: u32,
    /// Largest number of candidates that are looked at to say why a bid does not fill.
    pub explanation_candidates: u32,
    /// Largest number of asks at rest on one lot, term and spot.
    pub asks_per_lot_max: u32,
    /// Largest number of asks at rest of one organization in one market, term and spot.
    pub asks_per_market_max: u32,
    /// Largest number of trades that one step makes, and about the number of events of a step of a sweep. More steps
    /// follow until all are made.
    pub trades_per_step: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            search_candidates: 16_384,
            explanation_candidates: 16_384,
            asks_per_lot_max: 256,
            asks_per_market_max: 1_000,
            trades_per_step: 4,
        }
    }
}
