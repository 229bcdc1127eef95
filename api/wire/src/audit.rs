//! Checks on the running exchange.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The hash of the committed state.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct StateHashBody {
    /// The log's sequence that it includes.
    pub sequence: u64,
    /// SHA-256 of the state in canonical order: equal to that of a fresh replay of the log up to `sequence`.
    pub state_hash: String,
}
