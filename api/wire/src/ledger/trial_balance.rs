//! The trial balance.

use jiff::Timestamp;
use jiff::civil::Date;
use ledger::{Amount, Currency};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which trial balance.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TrialBalanceQuery {
    /// The entity: `operator`.
    #[param(example = "operator")]
    pub entity: String,
    /// The currency.
    #[param(value_type = String, example = "USD")]
    pub currency: Currency,
    /// Only entries dated up to this day, such as `2027-01-31`; all when not given.
    #[param(value_type = Option<String>, format = Date)]
    pub as_of: Option<Date>,
    /// Only entries of events that had happened by this instant, RFC 3339: what the books said then. All when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<Timestamp>,
}

/// One account of a trial balance.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct TrialBalanceRowBody {
    /// Its code in the chart.
    pub account: String,
    /// The balance where it is a debit.
    #[schema(value_type = String)]
    pub debit: Amount,
    /// The balance where it is a credit.
    #[schema(value_type = String)]
    pub credit: Amount,
    /// Debit less credit.
    #[schema(value_type = String)]
    pub balance: Amount,
}

/// A trial balance.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct TrialBalanceBody {
    /// The entity.
    pub entity: String,
    /// The currency.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// The last day whose entries are included; null for all.
    #[schema(value_type = Option<String>, format = Date)]
    pub as_of: Option<Date>,
    /// The instant up to which events are included; null for all.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<Timestamp>,
    /// The log's sequence that it includes: with `known_at` that of the last event by then, 0 before the first.
    pub sequence: u64,
    /// One row per account that was ever used, in the order of the chart.
    pub rows: Vec<TrialBalanceRowBody>,
    /// The sum of the debit side.
    #[schema(value_type = String)]
    pub total_debit: Amount,
    /// The sum of the credit side.
    #[schema(value_type = String)]
    pub total_credit: Amount,
}
