//! Bank statements.

use ledger::{Amount, BankAccountId, Currency, Day};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::bank::accounts::BankLineBody;
use crate::problem::ProblemBody;

/// In what format a file is.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FormatQuery {
    /// `camt053`, `mt940`, `bai2` or `csv`; as the content type says, or as the file looks, when not given.
    pub format: Option<String>,
}

/// A bank statement that was imported.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct StatementBody {
    /// Its id.
    pub id: Uuid,
    /// The account.
    #[schema(value_type = String)]
    pub account: BankAccountId,
    /// Its currency.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// What the bank calls it.
    pub statement: String,
    /// The balance before the first line.
    #[schema(value_type = String)]
    pub opening: Amount,
    /// The balance after the last.
    #[schema(value_type = String)]
    pub closing: Amount,
    /// The day of that.
    #[schema(value_type = String, format = Date)]
    pub closing_date: Day,
    /// How many lines it has.
    pub lines: u32,
    /// What of them is not explained.
    pub unexplained: Vec<BankLineBody>,
}

/// What became of the statements in a file.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ImportBody {
    /// One for each statement, in the file's order.
    pub data: Vec<ImportedBody>,
}

/// What became of one statement.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ImportedBody {
    /// 201, or the status of the problem.
    pub status: u16,
    /// The statement, when it was imported.
    pub statement: Option<StatementBody>,
    /// Why not, when it was not.
    pub problem: Option<ProblemBody>,
}
