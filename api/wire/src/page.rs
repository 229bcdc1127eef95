//! Pages of lists.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How a list is asked for.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Where the page before ended: its `next_cursor`.
    pub cursor: Option<String>,
    /// Items in the page, 1 to 500; 50 when not given.
    pub limit: Option<u32>,
    /// The answer includes at least the event with this sequence, 10,000 ahead of the log at most. It waits for that, five seconds at most.
    pub min_sequence: Option<u64>,
}

/// A page of a list.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub data: Vec<T>,
    /// Where to go on; null at the end.
    pub next_cursor: Option<String>,
}
