//! Orders and quotes.

use infra::read_models::OrderRecord;
use ledger::OrganizationId;
use matching::{Instruction, OrderId, Refusal};
use uuid::Uuid;

use super::await_reads;
use crate::desk::Desk;
use crate::desk::history::{listed, page};
use crate::desk::request::{Answer, Request};
use crate::problem::Problem;
use crate::request::PageSpan;
use crate::resources::orders::{
    AmendmentBody, BatchBody, BatchOutcome, CancelQuery, CancelledBody, NewOrderBody, OrderBody, OrderQuery, QuoteBody,
    ReadQuery, order_unknown,
};
use crate::resources::unexpected_receipt;

pub(in crate::desk) fn ask(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let body: NewOrderBody = request.body()?;
    body.check_role(request.role)?;
    Answer::ok(&QuoteBody::ask(&desk.exchange, body, request.organization, desk.now)?)
}

pub(in crate::desk) fn place(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let (order, is_new) = place_one(desk, request, &request.body()?)?;
    if is_new { Answer::created(&order) } else { Answer::ok(&order) }
}

pub(in crate::desk) fn place_batch(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let orders = request.body::<BatchBody>()?.orders()?;
    let outcomes = orders.into_iter().map(|order| place_one(desk, request, &order?));
    Answer::ok(&BatchOutcome::of(outcomes))
}

/// Places an order, or finds the one that was placed before under its name; tells which.
fn place_one(desk: &mut Desk, request: &Request, body: &NewOrderBody) -> Result<(OrderBody, bool), Problem> {
    body.check_role(request.role)?;
    match desk.decide(Instruction::PlaceOrder(body.order(request.organization)?)) {
        Ok(rows) => Ok((OrderBody::of_receipt(&rows).ok_or_else(unexpected_receipt)?, true)),
        Err(Refusal::OrderPlacedBefore { order }) => Ok((own_order(desk, request.organization, order.uuid())?, false)),
        Err(refusal) => Err(Problem::from(&refusal)),
    }
}

pub(in crate::desk) fn list(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let query: OrderQuery = request.query()?;
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    let filter = query.filter(request.organization)?;
    await_reads(desk, query.min_sequence)?;
    let own = listed(&desk.history.orders).filter(|(_, order)| filter.admits(order));
    Answer::ok(&page(span, own, |order| Ok(shown(desk, order)))?)
}

pub(in crate::desk) fn show(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let order = request.path("order")?;
    let ReadQuery { min_sequence } = request.query()?;
    await_reads(desk, min_sequence)?;
    Answer::ok(&own_order(desk, request.organization, order)?)
}

pub(in crate::desk) fn amend(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let order: Uuid = request.path("order")?;
    let body: AmendmentBody = request.body()?;
    change(desk, request.organization, order, body.instruction(request.organization, order)?)
}

pub(in crate::desk) fn cancel(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let order: Uuid = request.path("order")?;
    let organization = request.organization;
    change(desk, organization, order, Instruction::CancelOrder { organization, order: OrderId::new(order) })
}

/// Carries out a change and shows the order after it.
fn change(
    desk: &mut Desk,
    organization: OrganizationId,
    order: Uuid,
    instruction: Instruction,
) -> Result<Answer, Problem> {
    if let Err(refusal) = desk.decide(instruction) {
        if matches!(refusal, Refusal::OrderNotOpen) {
            // Not open, or not there at all: the caller learns which.
            own_order(desk, organization, order)?;
        }
        return Err(Problem::from(&refusal));
    }
    Answer::ok(&own_order(desk, organization, order)?)
}

pub(in crate::desk) fn cancel_all(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let CancelQuery { market } = request.query()?;
    let organization = request.organization;
    let rows = desk.submit(Instruction::CancelOrders { organization, market })?;
    Answer::ok(&CancelledBody::of_receipt(&rows, organization))
}

/// An organization's order as it stands.
fn own_order(desk: &Desk, organization: OrganizationId, order: Uuid) -> Result<OrderBody, Problem> {
    let own = desk.history.orders.find(OrderId::new(order)).filter(|order| order.organization == organization);
    own.map(|order| shown(desk, order)).ok_or_else(order_unknown)
}

/// An order with what it has traded, as far as that is shown with it.
fn shown(desk: &Desk, order: &OrderRecord) -> OrderBody {
    let fills = desk.history.fills(order.id).iter().filter(|fill| fill.is_shown(desk.now));
    OrderBody::of(order.clone(), fills.cloned().collect())
}
