//! How much work the exchange does for one command, and how much there may be to search.

use serde::{Deserialize, Serialize};

/// Bounds on the work of a search and on what there is to search.
///
/// They are settings of whoever decides and no part of the state: what came of a decision is in its events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The candidates that one search for a bid's trades looks at; an eighth of them of one owner. A candidate is a start and an ask of
    /// at least the bid's minimum, up to its limit price, for its length, whose lot has free capacity in every hour.
    pub search_candidates: u32,
    /// The candidates that are looked at to say why a bid does not fill.
    pub explanation_candidates: u32,
    /// The most asks at rest on one lot, term and spot.
    pub asks_per_lot_max: u32,
    /// The most asks at rest of one organization in one market, term and spot.
    pub asks_per_market_max: u32,
    /// The trades that one step makes, and with them about the events of a step of a sweep. More steps follow until all are made.
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
