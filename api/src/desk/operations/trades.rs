//! What was bought and sold: trades, sales by the hour, contracts.

use infra::read_models::{ContractRecord, OwnSale};
use ledger::ContractId;
use matching::Instruction;
use uuid::Uuid;
use wire::page::PageQuery;

use super::span_of;
use crate::desk::Desk;
use crate::desk::history::{listed, page};
use crate::desk::request::{Answer, Request};
use crate::label::label;
use crate::problem::Problem;
use crate::resources::contracts::{BustBody, BustedBody, ContractBody, NoticeBody, TerminationBody};
use crate::resources::spot::SpotSaleBody;
use crate::resources::trades::TradeBody;

pub(in crate::desk) fn list(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let span = span_of(desk, &request.query::<PageQuery>()?)?;
    let reader = request.organization;
    let own = listed(&desk.history.trades).filter(|(_, trade)| trade.concerns(reader));
    Answer::ok(&page(span, own, |trade| Ok(TradeBody::of(trade, reader)))?)
}

pub(in crate::desk) fn spot_sales(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let span = span_of(desk, &request.query::<PageQuery>()?)?;
    let own = desk.history.sales.iter().flat_map(|sale| OwnSale::of(sale, request.organization));
    Answer::ok(&page(span, own.map(|sale| (sale.place(), sale)), |sale| Ok(SpotSaleBody::from(sale.clone())))?)
}

pub(in crate::desk) fn contracts(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let span = span_of(desk, &request.query::<PageQuery>()?)?;
    let (reader, now) = (request.organization, desk.now);
    let own = listed(&desk.history.contracts).filter(|(_, contract)| contract.concerns(reader));
    Answer::ok(&page(span, own, |contract| Ok(ContractBody::of((*contract).clone(), reader, now)))?)
}

pub(in crate::desk) fn contract(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let own = require_own(desk, request, request.path("contract")?)?.clone();
    Answer::ok(&ContractBody::of(own, request.organization, desk.now))
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
    own.ok_or_else(ContractBody::unknown)
}

pub(in crate::desk) fn bust(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let contract: Uuid = request.path("contract")?;
    let reason = label("reason", &request.body::<BustBody>()?.reason)?;
    let rows = desk.submit(Instruction::BustContract { contract: ContractId::new(contract), reason })?;
    Answer::ok(&BustedBody::of_receipt(&rows)?)
}

pub(in crate::desk) fn terminate(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let contract: Uuid = request.path("contract")?;
    let body: TerminationBody = request.body()?;
    require_own(desk, request, contract)?;
    let rows = desk.submit(body.instruction(request.organization, contract)?)?;
    Answer::ok(&NoticeBody::of_receipt(&rows)?)
}
