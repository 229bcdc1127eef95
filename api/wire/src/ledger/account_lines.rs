//! General-ledger detail: which lines of an account are asked for.

use jiff::civil::Date;
use ledger::{Currency, EntityId};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::ledger::statements::StatementFormat;

/// Which lines of an account.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccountLinesQuery {
    /// The currency.
    #[param(value_type = String, example = "USD")]
    pub currency: Currency,
    /// Only this owner's part: `org:<id>`, `contract:<id>`, or empty for the entity's own; all of it when not given.
    pub owner: Option<String>,
    /// The first day; the lines before it are in the opening balance.
    #[param(value_type = Option<String>, format = Date)]
    pub from: Option<Date>,
    /// The last day.
    #[param(value_type = Option<String>, format = Date)]
    pub to: Option<Date>,
    /// `json` or `csv`; by `Accept` when not given, or else JSON.
    #[param(inline)]
    pub format: Option<StatementFormat>,
    /// The entity; the operator when not given.
    pub entity: Option<String>,
}

impl AccountLinesQuery {
    /// The entity whose books the query asks for.
    pub fn entity(&self) -> String {
        self.entity.clone().unwrap_or_else(|| EntityId::Operator.to_string())
    }
}
