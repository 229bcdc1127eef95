//! Statements: the lines of accounts between two balances.

use jiff::civil::Date;
use ledger::{Amount, EntityId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// The form of a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StatementFormat {
    /// One JSON object.
    Json,
    /// A table, RFC 4180.
    Csv,
}

/// What a statement is of.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ScopeBody {
    /// The entity.
    pub entity: String,
    /// The first day whose lines are listed; null for all from the beginning.
    #[schema(value_type = Option<String>, format = Date)]
    pub from: Option<Date>,
    /// The last day whose lines are listed; null for all to the end.
    #[schema(value_type = Option<String>, format = Date)]
    pub to: Option<Date>,
    /// The log's sequence that it includes.
    pub sequence: u64,
}

/// What an account had.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct OpeningBody {
    /// The account's code in the chart.
    #[schema(example = "2000-customer-available")]
    pub account: String,
    /// Whose part of the account: empty, `org:<id>` or `contract:<id>`; null for all of it.
    pub owner: Option<String>,
    /// In what currency.
    pub currency: String,
    /// The balance before `from`, debit positive.
    #[schema(value_type = String)]
    pub opening: Amount,
}

/// A line of a statement.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct StatementLineBody {
    /// The day it is dated.
    #[schema(value_type = String, format = Date)]
    pub effective_date: Date,
    /// The entry it is in.
    #[schema(example = "operator:17")]
    pub entry: String,
    /// Its place in the entry, from 0.
    pub line: i32,
    /// The posting rule with its version.
    #[schema(example = "term.prepaid.1")]
    pub rule: String,
    /// The event that it records.
    pub event: Option<i64>,
    /// Whose part of the account.
    pub owner: String,
    /// The contract it concerns.
    pub contract: Option<Uuid>,
    /// How much, debit positive.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// The balance after it.
    #[schema(value_type = String)]
    pub balance: Amount,
}

/// One account of a statement.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct AccountStatementBody {
    /// What it had.
    #[serde(flatten)]
    pub opening: OpeningBody,
    /// Its lines, by date and entry.
    pub lines: Vec<StatementLineBody>,
    /// The balance after the last line.
    #[schema(value_type = String)]
    pub closing: Amount,
}

/// The detail of one account of the general ledger.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct AccountLinesBody {
    /// What it is of.
    #[serde(flatten)]
    pub scope: ScopeBody,
    /// The account.
    #[serde(flatten)]
    pub statement: AccountStatementBody,
}

/// Whose statement it is.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct StatementScopeBody {
    /// What it is of.
    #[serde(flatten)]
    pub scope: ScopeBody,
    /// Whose: `org:<id>` or `contract:<id>`.
    pub owner: String,
    /// The contract that all lines concern, where it is of one.
    pub contract: Option<Uuid>,
}

/// A statement over the accounts of one owner.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct StatementBody {
    /// Whose.
    #[serde(flatten)]
    pub of: StatementScopeBody,
    /// The accounts, in the order of the chart.
    pub accounts: Vec<AccountStatementBody>,
}

/// Which statement.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatementQuery {
    /// Whose: `org:<id>` or `contract:<id>`.
    #[param(example = "org:acme")]
    pub owner: String,
    /// The first day; the lines before it are in the opening balances.
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

impl StatementQuery {
    /// The entity whose books the query asks for.
    pub fn entity(&self) -> String {
        self.entity.clone().unwrap_or_else(|| EntityId::Operator.to_string())
    }
}

/// Which statement of one's own.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OwnStatementQuery {
    /// Only what concerns this contract of yours.
    pub contract: Option<Uuid>,
    /// The first day; the lines before it are in the opening balances.
    #[param(value_type = Option<String>, format = Date)]
    pub from: Option<Date>,
    /// The last day.
    #[param(value_type = Option<String>, format = Date)]
    pub to: Option<Date>,
    /// `json` or `csv`; by `Accept` when not given, or else JSON.
    #[param(inline)]
    pub format: Option<StatementFormat>,
}
