//! The accounts of the books with their balances.

use ledger::Amount;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An account of the chart, or one organization's or contract's part of it.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct AccountBody {
    /// The entity whose books it is in.
    pub entity: String,
    /// Its code in the chart.
    #[schema(example = "2000-customer-available")]
    pub account: String,
    /// Whose part it is: empty, `org:<id>` or `contract:<id>`.
    pub owner: String,
    /// Its currency.
    pub currency: String,
    /// Its balance, debit positive.
    #[schema(value_type = String)]
    pub balance: Amount,
}
