//! Lots.

use ledger::OrganizationId;
use matching::{Instruction, LotId};
use uuid::Uuid;
use wire::lots::{LotBody, NewLotBody};
use wire::page::PageQuery;

use super::{span_of, whole};
use crate::desk::Desk;
use crate::desk::history::{listed, page};
use crate::desk::request::{Answer, Request};
use crate::problem::Problem;
use crate::resources::lots::{lot_calendar, lot_instruction, lot_of_receipt, lot_unknown, standing_lot};

pub(in crate::desk) fn register(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let body: NewLotBody = request.body()?;
    let rows = desk.submit(lot_instruction(&body, request.organization)?)?;
    Answer::created(&lot_of_receipt(&rows)?)
}

pub(in crate::desk) fn list(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let span = span_of(desk, &request.query::<PageQuery>()?)?;
    let own = listed(&desk.history.lots).filter(|(_, lot)| lot.organization == request.organization);
    Answer::ok(&page(span, own, |lot| Ok(standing_lot((*lot).clone(), &desk.exchange)))?)
}

pub(in crate::desk) fn show(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    Answer::ok(&own_lot(desk, request.organization, request.path("lot")?)?)
}

pub(in crate::desk) fn withdraw(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let (organization, lot): (_, Uuid) = (request.organization, request.path("lot")?);
    own_lot(desk, organization, lot)?;
    desk.submit(Instruction::WithdrawLot { organization, lot: LotId::new(lot) })?;
    Answer::ok(&own_lot(desk, organization, lot)?)
}

pub(in crate::desk) fn calendar(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let steps = lot_calendar(&desk.exchange, request.organization, request.path("lot")?)?;
    Answer::ok(&whole(steps))
}

fn own_lot(desk: &Desk, organization: OrganizationId, lot: Uuid) -> Result<LotBody, Problem> {
    let lot = desk.history.lots.find(LotId::new(lot)).filter(|lot| lot.organization == organization);
    Ok(standing_lot(lot.ok_or_else(lot_unknown)?.clone(), &desk.exchange))
}
