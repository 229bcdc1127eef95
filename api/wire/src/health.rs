//! Whether the exchange works.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What works and what does not.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ReadyBody {
    /// Whether orders are taken.
    pub ready: bool,
    /// `leading`, `recovering` while the database is away, or `fenced` when another process leads.
    pub sequencer: Cow<'static, str>,
    /// The log's head.
    pub sequence: u64,
    /// How far the read models are.
    pub projected: u64,
    /// `followed`, `simulated`, or `held` while time stands still until an operator confirms the machine's clock.
    pub clock: Cow<'static, str>,
    /// `connecting`, `publishing`, `interrupted` while it tries again, or `stopped`. Trading goes on without.
    pub relay: Cow<'static, str>,
    /// How far the log is published.
    pub published: Option<u64>,
}
