//! The bank: its accounts and statements, what its bookings were for, and the money that organizations pay in and have paid out.

pub mod accounts;
pub mod reconciliations;
pub mod statements;
pub mod transfers;
pub mod withholding;

use ledger::{BankAccountId, BankText};
use matching::{BankLineId, OpenLine};
use wire::bank::accounts::BankLineBody;

use crate::problem::{Problem, ProblemCode};

fn bank_line_body(id: &BankLineId, open: &OpenLine) -> BankLineBody {
    let shown = |text: &Option<BankText>| text.as_ref().map(ToString::to_string);
    BankLineBody {
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

fn account_unknown(account: BankAccountId) -> Problem {
    Problem::new(ProblemCode::BankAccountUnknown, format!("The exchange has no bank account {account}."))
}
