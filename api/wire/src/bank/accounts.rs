//! Accounts at the bank, and its bookings.

use ledger::{Amount, BankAccountId, Currency, Day};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A booking of the bank.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct BankLineBody {
    /// The statement that has it.
    pub statement: Uuid,
    /// Its place in the statement, from 1.
    pub line: u32,
    /// The day on which the bank booked it.
    #[schema(value_type = String, format = Date)]
    pub date: Day,
    /// How much: money received is positive.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// How much of it is not explained.
    #[schema(value_type = String)]
    pub unexplained: Amount,
    /// The reference that the payer gave.
    pub reference: Option<String>,
    /// The name of the other side.
    pub counterparty: Option<String>,
    /// What the bank prints besides.
    pub text: Option<String>,
}

/// Which bank account.
#[derive(Serialize, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccountQuery {
    /// The account, as its statements name it.
    pub account: BankAccountName,
}

/// A bank account's name in a query.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct BankAccountName(pub BankAccountId);

/// A bank account to be taken up.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBankAccountBody {
    /// The account, as its statements name it: an IBAN or the bank's own number.
    #[schema(value_type = String, example = "DE02120300000000202051")]
    pub account: BankAccountId,
    /// Its currency.
    #[schema(value_type = String, example = "USD")]
    pub currency: Currency,
    /// What is on it before the first statement: put in by the exchange's owners. Nothing when not given.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "0.00")]
    pub opening: Amount,
    /// How much a booking may differ from what it is for. Nothing when not given.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "1.00")]
    pub tolerance: Amount,
}

/// A bank account, and whether the books agree with the bank.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct BankAccountBody {
    /// The account.
    #[schema(value_type = String)]
    pub account: BankAccountId,
    /// Its currency.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// The closing balance of its last statement.
    #[schema(value_type = String)]
    pub statement_balance: Amount,
    /// What the books say is on it. The two are the same unless something is wrong.
    #[schema(value_type = String)]
    pub ledger_balance: Amount,
    /// What is booked and not explained, money received being positive.
    #[schema(value_type = String)]
    pub unexplained: Amount,
    /// How many bookings that is.
    pub unexplained_lines: usize,
    /// How much a booking may differ from what it is for.
    #[schema(value_type = String)]
    pub tolerance: Amount,
    /// How many statements have been imported.
    pub statements: usize,
}
