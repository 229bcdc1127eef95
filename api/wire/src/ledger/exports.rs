//! Exports of the books.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The form of an export.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// A line of an entry per record, with the columns of the Audit Data Standards.
    Csv,
    /// An entry per line, as `GET /v1/ledger/entries` shows it.
    Jsonl,
    /// A journal for hledger.
    Hledger,
    /// A ledger for Beancount.
    Beancount,
}

/// Which export.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// The entity: `operator`.
    #[param(example = "operator")]
    pub entity: String,
    /// The form.
    #[param(inline)]
    pub format: ExportFormat,
    /// The first day. What came before is in opening balances in the forms of plain-text accounting, and left out of the others.
    #[param(value_type = Option<String>, format = Date)]
    pub from: Option<Date>,
    /// The last day.
    #[param(value_type = Option<String>, format = Date)]
    pub to: Option<Date>,
}
