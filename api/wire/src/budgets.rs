//! A buyer's own bounds on what it commits in a calendar month.

use ledger::{Amount, Currency};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A bound to be set.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBudgetBody {
    /// The most that the month's trades and the open orders may come to, fees included.
    #[schema(value_type = String, example = "25000.00")]
    pub monthly: Amount,
}

/// A bound and how much of it is left.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct BudgetBody {
    /// In what currency.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// The most that the month's trades and the open orders may come to, fees included.
    #[schema(value_type = String)]
    pub monthly: Amount,
    /// The month that is counted, in UTC.
    #[schema(example = "2027-01")]
    pub month: String,
    /// What the month's trades have come to.
    #[schema(value_type = String)]
    pub spent: Amount,
}
