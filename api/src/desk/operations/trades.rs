//! What was bought and sold: trades, sales by the hour, contracts.

use infra::read_models::{ContractRecord, OwnSale};
use ledger::ContractId;
use matching::Instruction;
use uuid::Uuid;
use wire::contracts::{BustBody, TerminationBody};
use wire::page::PageQuery;

use super::span_of;
use crate::desk::Desk;
use crate::desk::history::{listed, page};
use crate::desk::request::{Answer, Request};
use crate::label::label;
use crate::problem::Problem;
use crate::resources::contracts::{
    busted_of_receipt, contract_body, contract_unknown, notice_of_receipt, termination_instruction,
};
use crate::resources::spot::spot_sale_body;
use crate::resources::trades::trade_body;

pub(in crate::desk) fn list(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let span = span_of(desk, &request.query::<PageQuery>()?)?;
    let reader = request.organization;
    let own = listed(&desk.history.trades).filter(|(_, trade)| trade.concerns(reader));
    Answer::ok(&page(span, own, |trade| Ok(trade_body(trade, reader)))?)
}

pub(in crate::desk) fn spot_sales(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let span = span_of(desk, &request.query::<PageQuery>()?)?;
    let own = desk.history.sales.iter().flat_map(|sale| OwnSale::of(sale, request.organization));
    Answer::ok(&page(span, own.map(|sale| (sale.place(), sale)), |sale| Ok(spot_sale_body(sale.clone())))?)
}

pub(in crate::desk) fn contracts(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let span = span_of(desk, &request.query::<PageQuery>()?)?;
    let (reader, now) = (request.organization, desk.now);
    let own = listed(&desk.history.contracts).filter(|(_, contract)| contract.concerns(reader));
    Answer::ok(&page(span, own, |contract| Ok(contract_body((*contract).clone(), reader, now)))?)
}

pub(in crate::desk) fn contract(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let own = require_own(desk, request, request.path("contract")?)?.clone();
    Answer::ok(&contract_body(own, request.organization, desk.now))
}

/// A contract of the caller's.
pub(super) fn require_own<'a>(
    desk: &'a Desk,
    request: &Request,
    contract: Uuid,
) -> Result<&'a ContractRecord, Problem> {
    let own = desk
        .history
        .contracts
        .find(ContractId::new(contract))
        .filter(|contract| contract.concerns(request.organization));
    own.ok_or_else(contract_unknown)
}

pub(in crate::desk) fn bust(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let contract: Uuid = request.path("contract")?;
    let reason = label("reason", &request.body::<BustBody>()?.reason)?;
    let rows = desk.submit(Instruction::BustContract { contract: ContractId::new(contract), reason })?;
    Answer::ok(&busted_of_receipt(&rows)?)
}

pub(in crate::desk) fn terminate(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let contract: Uuid = request.path("contract")?;
    let body: TerminationBody = request.body()?;
    require_own(desk, request, contract)?;
    let rows = desk.submit(termination_instruction(&body, request.organization, contract)?)?;
    Answer::ok(&notice_of_receipt(&rows)?)
}
