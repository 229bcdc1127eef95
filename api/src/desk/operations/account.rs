//! Money and budgets.

use ledger::Currency;
use matching::Instruction;

use super::super::{Answer, Desk, Request};
use super::whole;
use crate::problem::Problem;
use crate::resources::account::{BalanceBody, DepositBody, NewDepositBody};
use crate::resources::budgets::{BudgetBody, NewBudgetBody};

/// Credits a deposit, to an organization that need not have been there before.
pub(in crate::desk) fn deposit(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let body: NewDepositBody = request.body()?;
    desk.admit(body.organization())?;
    let rows = desk.submit(body.instruction())?;
    Answer::created(&DepositBody::of_receipt(&rows)?)
}

pub(in crate::desk) fn balances(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    Answer::ok(&whole(BalanceBody::all_of(&desk.exchange, request.organization)))
}

pub(in crate::desk) fn budgets(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    Answer::ok(&whole(BudgetBody::all_of(&desk.exchange, request.organization, desk.now)))
}

pub(in crate::desk) fn set_budget(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let currency: Currency = request.path("currency")?;
    let NewBudgetBody { monthly } = request.body()?;
    let organization = request.organization;
    desk.submit(Instruction::SetBudget { organization, currency, monthly: Some(monthly) })?;
    budgets(desk, request)
}

pub(in crate::desk) fn lift_budget(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let currency: Currency = request.path("currency")?;
    let organization = request.organization;
    desk.submit(Instruction::SetBudget { organization, currency, monthly: None })?;
    budgets(desk, request)
}
