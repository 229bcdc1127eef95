//! The waterfall runs of a box.

use ledger::deal::Run;
use ledger::{Amount, ClientId, Day, Instant, ItemName};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A waterfall run to be started.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRunBody {
    /// The box's next determination date, which has come.
    #[schema(value_type = String, format = Date)]
    pub determination_date: Day,
    /// What the sponsor repays on it before it is due, beyond what the run pays.
    #[serde(default)]
    pub prepayments: Vec<PrepaymentBody>,
}

/// Debt that is repaid before it is due.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrepaymentBody {
    /// The facility.
    #[schema(value_type = String)]
    pub facility: ItemName,
    /// How much, no more than is owed after the run and not overdue.
    #[schema(value_type = String)]
    pub amount: Amount,
}

/// A waterfall run to be reversed.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReversalBody {
    /// The determination date of the latest run.
    #[schema(value_type = String, format = Date)]
    pub determination_date: Day,
    /// Why, 1 to 120 characters.
    pub reason: String,
}

/// A waterfall run that stands.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct RunBody {
    /// Its determination date.
    #[schema(value_type = String, format = Date)]
    pub determination_date: Day,
    /// The version of the deal that it follows.
    pub version: u32,
    /// The event whose entries it is: `GET /v1/ledger/entries?event=…`.
    pub sequence: u64,
    /// When it was started.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// The client that started it; null where it started by itself.
    #[schema(value_type = Option<String>)]
    pub by: Option<ClientId>,
    /// What was owed after it.
    #[schema(value_type = String)]
    pub debt: Amount,
    /// What was collected, drawn from reserves and released; what each step was due and got; the covenants; where the box stood after it.
    #[schema(value_type = Object)]
    pub run: Run,
    /// What the sponsor repaid beyond it.
    pub prepayments: Vec<PrepaymentBody>,
}

/// Which runs to list.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RunQuery {
    /// Only that of this determination date.
    #[param(value_type = Option<String>, format = Date)]
    pub date: Option<Day>,
    /// Where the page before ended: its `next_cursor`.
    pub cursor: Option<String>,
    /// Items in the page, 1 to 500; 50 when not given.
    pub limit: Option<u32>,
}
