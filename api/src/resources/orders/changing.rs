//! Changing and cancelling orders.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, delete, patch, web};
use infra::journal::LogRow;
use infra::node::Node;
use infra::sequencer::{Receipt, SubmitError};
use ledger::OrganizationId;
use matching::{Amendment, Event, Instruction, OrderId, Refusal};
use uuid::Uuid;
use wire::orders::{AmendmentBody, CancelQuery, CancelledBody, OrderBody};
use wire::problem::ProblemBody;

use super::read::read_order;
use super::request::term_window;
use crate::auth::{Caller, Trader};
use crate::problem::Problem;
use crate::request::{JsonBody, answer, await_reads, idempotency_key};

/// Change an open order. Fewer GPUs keep its place in time; another price or window, or more GPUs, make it arrive anew.
#[utoipa::path(
    operation_id = "amend_order",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(("order" = Uuid, Path, description = "The order's id")),
    request_body = AmendmentBody,
    responses(
        (status = 200, description = "Changed, with all its trades", body = OrderBody),
        (status = 404, description = "No such order of yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused: the order is as it was", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[patch("/orders/{order}")]
pub async fn amend(
    caller: Caller<Trader>,
    order: web::Path<Uuid>,
    body: JsonBody<AmendmentBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    change(&node, &caller, *order, amendment_instruction(&body, caller.organization, *order)?).await
}

/// What a body asks for.
pub(crate) fn amendment_instruction(
    body: &AmendmentBody,
    organization: OrganizationId,
    order: Uuid,
) -> Result<Instruction, Problem> {
    let window = body.window.as_ref().map(term_window).transpose()?;
    let AmendmentBody { gpus, limit_price, .. } = *body;
    let order = OrderId::new(order);
    Ok(Instruction::AmendOrder(Amendment { organization, order, gpus, limit_price, window }))
}

/// Cancel what is open of an order.
#[utoipa::path(
    operation_id = "cancel_order",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(("order" = Uuid, Path, description = "The order's id")),
    responses(
        (status = 200, description = "Cancelled", body = OrderBody),
        (status = 404, description = "No such order of yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is not open", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[delete("/orders/{order}")]
pub async fn cancel(
    caller: Caller<Trader>,
    order: web::Path<Uuid>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let instruction = Instruction::CancelOrder { organization: caller.organization, order: OrderId::new(*order) };
    change(&node, &caller, *order, instruction).await
}

/// Carries out a change and shows the order after it.
async fn change(
    node: &Node,
    caller: &Caller<Trader>,
    order: Uuid,
    instruction: Instruction,
) -> Result<HttpResponse, Problem> {
    let receipt = match node.sequencer.submit(instruction, None).await {
        Err(SubmitError::Refused(refusal)) if matches!(*refusal, Refusal::OrderNotOpen) => {
            // Not open, or not there at all: the caller learns which.
            read_order(node, None, caller.organization, order, None).await?;
            return Err(Problem::from(&*refusal));
        }
        outcome => outcome?,
    };
    let Receipt { sequence, .. } = receipt;
    await_reads(node, Some(sequence)).await?;
    let order = read_order(node, None, caller.organization, order, Some(sequence)).await?;
    Ok(answer(HttpResponse::Ok(), sequence, &order))
}

/// Cancel all your open orders, or those of one market.
#[utoipa::path(
    operation_id = "cancel_orders",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(CancelQuery, ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable: again under the same key, it cancels nothing more and tells which orders it had cancelled")),
    responses(
        (status = 200, description = "All of them are cancelled", body = CancelledBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[delete("/orders")]
pub async fn cancel_all(
    caller: Caller<Trader>,
    request: HttpRequest,
    query: web::Query<CancelQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let key = idempotency_key(&request, caller.organization, &*query)?;
    let instruction = Instruction::CancelOrders { organization: caller.organization, market: query.market };
    let receipt = node.sequencer.submit(instruction, key).await?;
    let body = cancelled_of_receipt(&receipt.rows, caller.organization);
    Ok(answer(HttpResponse::Ok(), receipt.sequence, &body))
}

/// An organization's orders that these events ended.
pub(crate) fn cancelled_of_receipt(rows: &[Arc<LogRow>], organization: OrganizationId) -> CancelledBody {
    let closed = rows.iter().filter_map(|row| match &row.record.event {
        Event::OrderClosed(closed) if closed.organization == organization => Some(closed.order.uuid()),
        _ => None,
    });
    CancelledBody { data: closed.collect() }
}
