//! How far the log is published, and why it is not published further.

use std::borrow::Cow;

use ledger::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The relay.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct RelayBody {
    /// The topic that it publishes to.
    pub topic: String,
    /// `connecting`, `publishing`, `interrupted` while it tries again, or `stopped`.
    pub status: Cow<'static, str>,
    /// How far the log is published, while it is publishing.
    pub published: Option<u64>,
    /// Why it is interrupted or has stopped.
    pub reason: Option<String>,
    /// The stop that an operator can lift.
    pub stop: Option<RelayStopBody>,
}

/// Why nothing is published until an operator lifts the stop.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct RelayStopBody {
    /// Names it.
    pub id: i64,
    /// What was found.
    pub reason: String,
    /// When it was found.
    #[schema(value_type = String, format = DateTime)]
    pub stopped_at: Instant,
}

/// A stop to lift.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RelayResumeBody {
    /// The stop's id, as `GET /v1/relay` shows it.
    pub stop: i64,
}
