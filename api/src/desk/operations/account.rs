//! Money and budgets.

use ledger::Currency;
use matching::{Instruction, PayoutSource};
use wire::account::NewDepositBody;
use wire::bank::transfers::TransferRequest;
use wire::budgets::NewBudgetBody;

use super::{span_of, whole};
use crate::desk::Desk;
use crate::desk::request::{Answer, Request};
use crate::problem::Problem;
use crate::resources::account::{balances_of, deposit_instruction, deposit_of_receipt};
use crate::resources::bank::transfers::{payout_of_receipt, payout_page, transfer_of_receipt, transfer_page};
use crate::resources::budgets::budget_bodies;

/// Credits a deposit, to an organization that need not have been there before.
pub(in crate::desk) fn deposit(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let body: NewDepositBody = request.body()?;
    desk.admit(body.organization)?;
    let rows = desk.submit(deposit_instruction(&body)?)?;
    Answer::created(&deposit_of_receipt(&rows)?)
}

pub(in crate::desk) fn balances(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    Answer::ok(&whole(balances_of(&desk.exchange, request.organization)))
}

pub(in crate::desk) fn budgets(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    Answer::ok(&whole(budget_bodies(&desk.exchange, request.organization, desk.now)))
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

pub(in crate::desk) fn expect_deposit(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let TransferRequest { amount, currency } = request.body()?;
    let rows = desk.submit(Instruction::ExpectDeposit { organization: request.organization, amount, currency })?;
    Answer::created(&transfer_of_receipt(&desk.exchange, &rows)?)
}

pub(in crate::desk) fn deposits(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let span = span_of(desk, &request.query()?)?;
    Answer::ok(&transfer_page(&desk.exchange, request.organization, span)?)
}

pub(in crate::desk) fn withdraw(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    ask_for(desk, request, PayoutSource::Available)
}

pub(in crate::desk) fn pay_out(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    ask_for(desk, request, PayoutSource::Payable)
}

fn ask_for(desk: &mut Desk, request: &Request, source: PayoutSource) -> Result<Answer, Problem> {
    let TransferRequest { amount, currency } = request.body()?;
    let organization = request.organization;
    let rows = desk.submit(Instruction::RequestPayout { organization, amount, currency, source })?;
    Answer::created(&payout_of_receipt(&desk.exchange, &rows)?)
}

fn list(desk: &mut Desk, request: &Request, source: PayoutSource) -> Result<Answer, Problem> {
    let span = span_of(desk, &request.query()?)?;
    Answer::ok(&payout_page(&desk.exchange, request.organization, source, span)?)
}

pub(in crate::desk) fn withdrawals(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    list(desk, request, PayoutSource::Available)
}

pub(in crate::desk) fn payouts(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    list(desk, request, PayoutSource::Payable)
}
