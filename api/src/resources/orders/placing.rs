//! Placing orders, one or several at a time.

use actix_web::{HttpRequest, HttpResponse, post, web};
use infra::journal::IdempotencyKey;
use infra::node::Node;
use infra::sequencer::{Pending, SubmitError};
use ledger::OrganizationId;
use matching::{Instruction, Refusal};
use wire::orders::{BatchBody, BatchItem, BatchOutcome, NewOrderBody, OrderBody};
use wire::organizations::Role;
use wire::problem::ProblemBody;

use super::body::order_of_receipt;
use super::read::{count_large_answer, read_order};
use super::request::{check_role, new_order};
use crate::auth::{Caller, Trader};
use crate::gate::{InnerProblems, count_more};
use crate::operations::Budget;
use crate::problem::{Problem, ProblemCode};
use crate::request::{JsonBody, answer, idempotency_key, idempotency_key_of_item};
use crate::resources::unexpected_receipt;
use wire::strict_json;

/// The most orders in one batch.
const BATCH_MAX: usize = 100;

/// Place an order. Buyers buy, providers sell from their lots, and who holds a contract may resell it.
#[utoipa::path(
    operation_id = "place_order",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable")),
    request_body = NewOrderBody,
    responses(
        (status = 201, description = "Placed, with the trades it led to at once", body = OrderBody),
        (status = 200, description = "Placed before under this client_order_id", body = OrderBody),
        (status = "4XX", description = "Refused: nothing came into being", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too busy, or the outcome is unknown: repeat with the same key", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/orders")]
pub async fn place(
    caller: Caller<Trader>,
    request: HttpRequest,
    body: JsonBody<NewOrderBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let key = idempotency_key(&request, caller.organization, &*body)?;
    let placing = Placing::start(&node, caller.organization, caller.role, &body, key);
    let placed = placing.finish(&node, &request, caller.organization).await?;
    let builder = if placed.is_new { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(answer(builder, placed.sequence, &placed.order))
}

/// Place several orders. Each is accepted or refused by itself.
#[utoipa::path(
    operation_id = "place_orders",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable, order by order")),
    request_body = BatchBody,
    responses(
        (status = 200, description = "What became of each", body = BatchOutcome),
        (status = "4XX", description = "Refused as a whole", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/orders/batch")]
pub async fn place_batch(
    caller: Caller<Trader>,
    request: HttpRequest,
    body: JsonBody<BatchBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let orders = orders_of(body.into_inner())?;
    count_more(&request, Budget::Instructions, orders.len() - 1)?;
    // All of them enter the queue before the first is waited for, so that they are committed together.
    let mut placings = Vec::with_capacity(orders.len());
    for (item, order) in orders.into_iter().enumerate() {
        placings.push(match order {
            Err(problem) => Placing::Refused(problem),
            Ok(order) => {
                let key = idempotency_key_of_item(&request, caller.organization, &order, Some(item))?;
                Placing::start(&node, caller.organization, caller.role, &order, key)
            }
        });
    }
    let mut data = Vec::with_capacity(placings.len());
    let mut inner = Vec::new();
    let mut sequence = node.log.head();
    for placing in placings {
        let placed = placing.finish(&node, &request, caller.organization).await;
        match &placed {
            Ok(placed) => sequence = sequence.max(placed.sequence),
            Err(problem) => inner.push(problem.code()),
        }
        data.push(batch_item(placed.map(|placed| (placed.order, placed.is_new))));
    }
    let mut answer = answer(HttpResponse::Ok(), sequence, &BatchOutcome { data });
    answer.extensions_mut().insert(InnerProblems(inner));
    Ok(answer)
}

/// The orders of a batch, each read by itself.
pub(crate) fn orders_of(body: BatchBody) -> Result<Vec<Result<NewOrderBody, Problem>>, Problem> {
    if body.orders.is_empty() || body.orders.len() > BATCH_MAX {
        return Err(Problem::new(ProblemCode::InvalidField, format!("A batch has 1 to {BATCH_MAX} orders.")));
    }
    let unusable = |error: serde_json::Error| {
        Problem::new(ProblemCode::InvalidField, format!("The order cannot be used: {error}."))
    };
    let read = |order| strict_json::from_value(order).map_err(unusable);
    Ok(body.orders.into_iter().map(read).collect())
}

/// What became of each order: the order and whether it is new, or why it was not placed.
pub(crate) fn batch_outcome(outcomes: impl Iterator<Item = Result<(OrderBody, bool), Problem>>) -> BatchOutcome {
    BatchOutcome { data: outcomes.map(batch_item).collect() }
}

fn batch_item(outcome: Result<(OrderBody, bool), Problem>) -> BatchItem {
    match outcome {
        Ok((order, is_new)) => BatchItem { status: if is_new { 201 } else { 200 }, order: Some(order), problem: None },
        Err(problem) => {
            BatchItem { status: problem.code().status().as_u16(), order: None, problem: Some(problem.body()) }
        }
    }
}

/// An order on its way into the book.
enum Placing {
    Refused(Problem),
    Pending(Box<Pending>),
}

/// An order in the book, or one that was there before under the same name.
struct Placed {
    order: OrderBody,
    is_new: bool,
    sequence: u64,
}

impl Placing {
    fn start(
        node: &Node,
        organization: OrganizationId,
        role: Role,
        body: &NewOrderBody,
        key: Option<IdempotencyKey>,
    ) -> Self {
        let order = check_role(body, role).and_then(|()| new_order(body, organization));
        let pending = order.and_then(|order| Ok(node.sequencer.enqueue(Instruction::PlaceOrder(order), key)?));
        pending.map_or_else(Self::Refused, |pending| Self::Pending(Box::new(pending)))
    }

    async fn finish(self, node: &Node, request: &HttpRequest, organization: OrganizationId) -> Result<Placed, Problem> {
        let pending = match self {
            Self::Refused(problem) => return Err(problem),
            Self::Pending(pending) => pending,
        };
        match pending.receipt().await {
            Ok(receipt) => {
                if receipt.repeated {
                    count_large_answer(request, receipt.rows.len())?;
                }
                let order = order_of_receipt(&receipt.rows).ok_or_else(unexpected_receipt)?;
                Ok(Placed { order, is_new: true, sequence: receipt.sequence })
            }
            Err(SubmitError::Refused(refusal)) => match &*refusal {
                Refusal::OrderPlacedBefore { order } => {
                    let order = read_order(node, Some(request), organization, order.uuid(), None).await?;
                    Ok(Placed { order, is_new: false, sequence: node.read_models.position() })
                }
                refusal => Err(Problem::from(refusal)),
            },
            Err(error) => Err(Problem::from(error)),
        }
    }
}
