//! The outcome of a replay in numbers, for people (`report_text`) and, as JSON, for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::audit::{Check, Verdict};
use super::class_outcome::ClassOutcome;
use super::generator::Punctuality;
use super::latency::LatencySummary;
use super::tally::{Side, SideCounts};
use crate::PlanSummary;

/// What came of a replay.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The replay's name, which its deposits refer to.
    pub run: String,
    /// The exchange.
    pub url: String,
    /// Where trace second 0 and the first day of observations were laid.
    pub origin: String,
    /// What was planned from the recordings, before any limit.
    pub plan: PlanSummary,
    /// Orders by side.
    pub orders: BTreeMap<Side, SideCounts>,
    /// Refused orders by the problem's code.
    pub refusals: BTreeMap<String, u64>,
    /// Trades made during the replay.
    pub trades: u64,
    /// Contracts made during the replay.
    pub contracts: u64,
    /// GPU-hours sold during the replay.
    pub gpu_hours_sold: u64,
    /// By class id.
    pub classes: BTreeMap<String, ClassOutcome>,
    /// How fast it was.
    pub load: Load,
    /// What should be so, and whether it is.
    pub checks: Vec<Check>,
}

/// The open loop's figures.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Load {
    /// Orders offered per second.
    pub offered_per_second: u32,
    /// Answers per second, from the first order's due time to the last answer.
    pub answered_per_second: f64,
    /// That time in seconds.
    pub seconds: f64,
    /// Acknowledgement, counted from each order's due time.
    pub latency: LatencySummary,
    /// How well the generator kept its schedule.
    pub punctuality: Punctuality,
    /// Repeats after a lost connection, a timeout or a failure of the server.
    pub repeated_after_failure: u64,
    /// Repeats after the exchange said that it is overloaded.
    pub repeated_after_overload: u64,
}

impl Report {
    /// Whether no check failed.
    pub fn is_sound(&self) -> bool {
        self.checks.iter().all(|check| check.verdict != Verdict::Failed)
    }
}
