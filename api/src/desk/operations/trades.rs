//! What was bought and sold: trades, sales by the hour, contracts.

use ledger::ContractId;
use matching::{Event, Instruction};
use uuid::Uuid;

use super::span_of;
use crate::desk::Desk;
use crate::desk::history::page;
use crate::desk::request::{Answer, Request};
use crate::label::label;
use crate::problem::Problem;
use crate::request::{PageQuery, position};
use crate::resources::contracts::{BustBody, BustedBody, ContractBody, ContractRecord, NoticeBody, TerminationBody};
use crate::resources::spot::SpotSaleBody;
use crate::resources::trades::TradeBody;

pub(in crate::desk) fn list(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let span = span_of(desk, &request.query::<PageQuery>()?)?;
    let reader = request.organization;
    let own = desk.log.rows().iter().filter_map(|row| match &row.record.event {
        Event::TradeExecuted(trade) if [trade.buyer, trade.seller].contains(&reader) => {
            Some((position(row.record.sequence), (&row.record, trade)))
        }
        _ => None,
    });
    Answer::ok(&page(span, own, |(record, trade)| {
        Ok(TradeBody::of(record, trade, desk.history.is_busted(trade.contract), reader))
    })?)
}

pub(in crate::desk) fn spot_sales(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let span = span_of(desk, &request.query::<PageQuery>()?)?;
    let reader = request.organization;
    let sold = desk.log.rows().iter().filter_map(|row| match &row.record.event {
        Event::SpotHoursSold(sold) => Some((row.record.sequence, sold)),
        _ => None,
    });
    let sides = sold.flat_map(|(sequence, sold)| {
        (0u64..).zip(&sold.sales).flat_map(move |(ordinal, sale)| {
            let sides = SpotSaleBody::sides_of(sold, sale, reader);
            let placed = (0u64..).zip(sides).map(move |(side, body)| (sale_position(sequence, ordinal, side), body));
            placed.filter_map(|(position, body)| Some((position, body?)))
        })
    });
    Answer::ok(&page(span, sides, |sale| Ok(sale.clone()))?)
}

/// A place that cursors can name for one side of a sale.
fn sale_position(sequence: u64, ordinal: u64, side: u64) -> i64 {
    /// More sales than one event has.
    const ORDINALS: u64 = 4_096;
    position((sequence * ORDINALS + ordinal) * 2 + side)
}

pub(in crate::desk) fn contracts(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let span = span_of(desk, &request.query::<PageQuery>()?)?;
    let (reader, now) = (request.organization, desk.now);
    let own = desk.history.contracts.all().filter(|(_, contract)| contract.concerns(reader));
    Answer::ok(&page(span, own, |contract| Ok((*contract).clone().shown(reader, now)))?)
}

pub(in crate::desk) fn contract(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let own = require_own(desk, request, request.path("contract")?)?.clone();
    Answer::ok(&own.shown(request.organization, desk.now))
}

/// A contract of the caller's.
pub(super) fn require_own<'a>(
    desk: &'a Desk,
    request: &Request,
    contract: Uuid,
) -> Result<&'a ContractRecord, Problem> {
    let own = desk.history.contracts.find(contract).filter(|contract| contract.concerns(request.organization));
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
