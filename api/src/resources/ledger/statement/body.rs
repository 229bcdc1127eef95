//! What a statement has in it.

use infra::reports::{StatementLine, StatementSection};
use jiff::civil::Date;
use ledger::Amount;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a statement is of.
#[derive(Serialize, ToSchema)]
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
#[derive(Clone, Serialize, ToSchema)]
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

impl From<&StatementSection> for OpeningBody {
    fn from(section: &StatementSection) -> Self {
        let StatementSection { code, owner, currency, opening, .. } = section.clone();
        Self { account: code, owner, currency, opening }
    }
}

/// A line of a statement.
#[derive(Serialize, ToSchema)]
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

impl StatementLineBody {
    /// A line of an entity's books, after which the account has this balance.
    pub(super) fn of(line: StatementLine, entity: &str, balance: Amount) -> Self {
        Self {
            effective_date: line.effective,
            entry: format!("{entity}:{}", line.entry),
            line: line.line,
            rule: line.rule,
            event: line.event,
            owner: line.owner,
            contract: line.contract,
            amount: line.amount,
            balance,
        }
    }
}

/// One account of a statement.
#[derive(Serialize, ToSchema)]
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
#[derive(Serialize, ToSchema)]
pub struct AccountLinesBody {
    /// What it is of.
    #[serde(flatten)]
    pub scope: ScopeBody,
    /// The account.
    #[serde(flatten)]
    pub statement: AccountStatementBody,
}

/// Whose statement it is.
#[derive(Serialize, ToSchema)]
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
#[derive(Serialize, ToSchema)]
pub struct StatementBody {
    /// Whose.
    #[serde(flatten)]
    pub of: StatementScopeBody,
    /// The accounts, in the order of the chart.
    pub accounts: Vec<AccountStatementBody>,
}
