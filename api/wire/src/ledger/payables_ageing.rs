//! The ageing of payables.

use jiff::civil::Date;
use ledger::{Amount, Currency};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::ledger::statements::StatementFormat;

/// Which ageing.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PayablesAgeingQuery {
    /// The entity: `operator`.
    #[param(example = "operator")]
    pub entity: String,
    /// The currency.
    #[param(value_type = String, example = "USD")]
    pub currency: Currency,
    /// The day from which ages are counted, whose entries are the last that count; the exchange's today when not given.
    #[param(value_type = Option<String>, format = Date)]
    pub as_of: Option<Date>,
    /// `json` or `csv`; by `Accept` when not given, or else JSON.
    #[param(inline)]
    pub format: Option<StatementFormat>,
}

/// What is payable, by the age of the credits that are not paid yet.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct AgesBody {
    /// All of it: the sum of the following.
    #[schema(value_type = String)]
    pub payable: Amount,
    /// Credited up to 30 days before.
    #[schema(value_type = String)]
    pub days_0_30: Amount,
    /// Credited 31 to 60 days before.
    #[schema(value_type = String)]
    pub days_31_60: Amount,
    /// Credited 61 to 90 days before.
    #[schema(value_type = String)]
    pub days_61_90: Amount,
    /// Credited earlier.
    #[schema(value_type = String)]
    pub days_over_90: Amount,
}

/// What is payable to one seller.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct SellerAgesBody {
    /// The seller.
    pub organization: String,
    /// By age.
    #[serde(flatten)]
    pub ages: AgesBody,
}

/// The ageing of payables. Amounts are of what is owed: positive is owed.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct PayablesAgeingBody {
    /// The entity.
    pub entity: String,
    /// The currency.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// The day from which ages are counted.
    #[schema(value_type = String, format = Date)]
    pub as_of: Date,
    /// The log's sequence that it includes.
    pub sequence: u64,
    /// The sellers to whom something is payable, by id.
    pub sellers: Vec<SellerAgesBody>,
    /// All of them together: the balance of the account.
    pub total: AgesBody,
}
