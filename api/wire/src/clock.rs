//! The exchange's time.

use ledger::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The clock.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ClockBody {
    /// The exchange's present.
    #[schema(value_type = String, format = DateTime)]
    pub now: Instant,
    /// Whether it can be moved.
    pub simulated: bool,
}

/// Where to move the clock.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClockBody {
    /// An instant that has not passed.
    #[schema(value_type = String, format = DateTime, example = "2027-01-01T00:00:00Z")]
    pub now: Instant,
}

/// What time it is.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmedTimeBody {
    /// The time, from another source than the machine: within two minutes of what its clock says.
    #[schema(value_type = String, format = DateTime, example = "2027-01-01T00:00:00Z")]
    pub now: Instant,
}
