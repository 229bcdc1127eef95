//! The rates of single organizations.

use ledger::OrganizationId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How often something may be asked for.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RateBody {
    /// Requests in a second, in the long run: 1 to 1,000,000.
    #[schema(example = 1000, minimum = 1, maximum = 1_000_000)]
    pub per_second: u32,
    /// Requests at once, after a pause: 1 to 1,000,000; of instructions at least 100, the orders of a batch.
    #[schema(example = 2000, minimum = 1, maximum = 1_000_000)]
    pub burst: u32,
}

/// Rates by what requests are counted against.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatesBody {
    /// What changes something: orders first of all. A batch counts as its orders.
    #[serde(default)]
    pub instructions: Option<RateBody>,
    /// Cancelling orders.
    #[serde(default)]
    pub cancels: Option<RateBody>,
    /// Reads that look something up.
    #[serde(default)]
    pub reads: Option<RateBody>,
    /// Reads that compute: quotes, books, projections, reports.
    #[serde(default)]
    pub computing: Option<RateBody>,
    /// Access tokens.
    #[serde(default)]
    pub tokens: Option<RateBody>,
}

/// The rates of an organization.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct RateLimitsBody {
    /// The organization.
    #[schema(value_type = String)]
    pub organization: OrganizationId,
    /// Its own rates; null where it has the usual one.
    pub own: RatesBody,
    /// The rates that hold.
    pub effective: RatesBody,
    /// The client that last set them; null when none did.
    pub set_by: Option<String>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub set_at: Option<String>,
}
