//! The bank: its accounts and statements, what its bookings were for, and the money that organizations pay in and have paid out.

pub mod accounts;
pub mod reconciliations;
pub mod statements;
pub mod transfers;
pub mod withholding;

use ledger::{Amount, BankAccountId, BankText, Day};
use matching::{BankLineId, OpenLine};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::{Problem, ProblemCode};

/// A booking of the bank.
#[derive(Serialize, ToSchema)]
pub struct BankLineBody {
    /// The statement that has it.
    statement: Uuid,
    /// Its place in the statement, from 1.
    line: u32,
    /// The day on which the bank booked it.
    #[schema(value_type = String, format = Date)]
    date: Day,
    /// How much: money received is positive.
    #[schema(value_type = String)]
    amount: Amount,
    /// How much of it is not explained.
    #[schema(value_type = String)]
    unexplained: Amount,
    /// The reference that the payer gave.
    reference: Option<String>,
    /// The name of the other side.
    counterparty: Option<String>,
    /// What the bank prints besides.
    text: Option<String>,
}

impl BankLineBody {
    fn of(id: &BankLineId, open: &OpenLine) -> Self {
        let shown = |text: &Option<BankText>| text.as_ref().map(ToString::to_string);
        Self {
            statement: id.statement.uuid(),
            line: id.line,
            date: open.line.booking_day,
            amount: open.line.amount,
            unexplained: open.left,
            reference: shown(&open.line.reference),
            counterparty: shown(&open.line.counterparty),
            text: shown(&open.line.text),
        }
    }
}

/// Which bank account.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccountQuery {
    /// The account, as its statements name it.
    account: BankAccountName,
}

/// A bank account's name in a query.
#[derive(Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct BankAccountName(BankAccountId);

fn account_unknown(account: BankAccountId) -> Problem {
    Problem::new(ProblemCode::BankAccountUnknown, format!("The exchange has no bank account {account}."))
}
