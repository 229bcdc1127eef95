//! Orders and quotes.

use infra::read_models::OrderRecord;
use ledger::OrganizationId;
use matching::{Instruction, OrderId, Refusal};
use uuid::Uuid;
use wire::orders::{AmendmentBody, CancelQuery, NewOrderBody, OrderBody, OrderQuery, ReadQuery};

use super::await_reads;
use crate::desk::Desk;
use crate::desk::history::{listed, page};
use crate::desk::request::{Answer, Request};
use crate::problem::Problem;
use crate::request::PageSpan;
use crate::resources::orders::{
    amendment_instruction, batch_outcome, cancelled_of_receipt, check_role, new_order, order_body, order_filter,
    order_of_receipt, order_unknown, orders_of, quote,
};
use crate::resources::unexpected_receipt;

pub(in crate::desk) fn ask(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let body: NewOrderBody = request.body()?;
    check_role(&body, request.role)?;
    Answer::ok(&quote(&desk.exchange, body, request.organization, desk.now)?)
}

pub(in crate::desk) fn place(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let (order, is_new) = place_one(desk, request, &request.body()?)?;
    if is_new { Answer::created(&order) } else { Answer::ok(&order) }
}

pub(in crate::desk) fn place_batch(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let orders = orders_of(request.body()?)?;
    let outcomes = orders.into_iter().map(|order| place_one(desk, request, &order?));
    Answer::ok(&batch_outcome(outcomes))
}

/// Places an order, or finds the one that was placed before under its name; tells which.
fn place_one(desk: &mut Desk, request: &Request, body: &NewOrderBody) -> Result<(OrderBody, bool), Problem> {
    check_role(body, request.role)?;
    match desk.decide(Instruction::PlaceOrder(new_order(body, request.organization)?)) {
        Ok(rows) => Ok((order_of_receipt(&rows).ok_or_else(unexpected_receipt)?, true)),
        Err(Refusal::OrderPlacedBefore { order }) => Ok((own_order(desk, request.organization, order.uuid())?, false)),
        Err(refusal) => Err(Problem::from(&refusal)),
    }
}

pub(in crate::desk) fn list(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let query: OrderQuery = request.query()?;
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    let filter = order_filter(&query, request.organization)?;
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
    change(desk, request.organization, order, amendment_instruction(&body, request.organization, order)?)
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
    Answer::ok(&cancelled_of_receipt(&rows, organization))
}

/// An organization's order as it stands.
fn own_order(desk: &Desk, organization: OrganizationId, order: Uuid) -> Result<OrderBody, Problem> {
    let own = desk.history.orders.find(OrderId::new(order)).filter(|order| order.organization == organization);
    own.map(|order| shown(desk, order)).ok_or_else(order_unknown)
}

/// An order with what it has traded, as far as that is shown with it.
fn shown(desk: &Desk, order: &OrderRecord) -> OrderBody {
    let fills = desk.history.fills(order.id).iter().filter(|fill| fill.is_shown(desk.now));
    order_body(order.clone(), &fills.cloned().collect::<Vec<_>>())
}
