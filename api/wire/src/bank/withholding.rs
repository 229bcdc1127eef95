//! What is withheld of an organization's payouts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How much is withheld.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithholdingBody {
    /// Of each payout of earnings, in basis points: 0 to 10,000.
    #[schema(example = 2400)]
    pub basis_points: u16,
}
