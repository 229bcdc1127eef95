//! What a box is paid: by its clients, and by the exchange for what its contracts have earned.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::node::Node;
use ledger::{BoxId, TransferId};
use matching::{BoxCollected, Event, Instruction, NewCollection};
use uuid::Uuid;
use wire::boxes::collections::{CollectionBody, CollectionReversalBody, NewCollectionBody};
use wire::boxes::deals::BoxBody;
use wire::page::{Page, PageQuery};
use wire::problem::ProblemBody;

use super::{box_body, seen};
use crate::auth::{BoxReader, Caller, FinanceOnly};
use crate::label::label;
use crate::problem::Problem;
use crate::request::{JsonBody, answer, position, span_of};
use crate::resources::{submit, unexpected_receipt};

/// What an event recorded.
fn collection_body(sequence: u64, e: &BoxCollected) -> CollectionBody {
    let BoxCollected { contract, amount, paid: date, .. } = *e;
    let transfer = e.transfer.map(TransferId::uuid);
    CollectionBody { contract, amount, date, reference: e.reference.to_string(), transfer, sequence }
}

/// Enter what a client paid a box, or what the exchange pays over of a contract's earnings: then an entry in the books of either, under one
/// transfer. It is paid out on the first determination date that is not before the money came.
#[utoipa::path(
    operation_id = "collect",
    tag = "boxes",
    security(("oauth2" = ["finance"])),
    params(
        ("box" = Uuid, Path, description = "The box's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = NewCollectionBody,
    responses(
        (status = 201, description = "Entered", body = CollectionBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/boxes/{box}/collections")]
pub async fn collect(
    caller: Caller<FinanceOnly>,
    id: web::Path<Uuid>,
    request: HttpRequest,
    body: JsonBody<NewCollectionBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let id = BoxId::new(id.into_inner());
    seen(&node.view.read(), &caller, id)?;
    let paid = body.date.unwrap_or_else(|| node.clock.now().day());
    let (contract, amount, reference) = (body.contract, body.amount, label("reference", &body.reference)?);
    let collection = NewCollection { box_id: id, by: caller.client, contract, amount, paid, reference };
    let content = (caller.client, id, &*body);
    let receipt = submit(&node, &request, caller.organization, &content, Instruction::Collect(collection)).await?;
    let collected = receipt.rows.iter().find_map(|row| match &row.record.event {
        Event::BoxCollected(e) => Some(collection_body(row.record.sequence, e)),
        _ => None,
    });
    Ok(answer(HttpResponse::Created(), receipt.sequence, &collected.ok_or_else(unexpected_receipt)?))
}

/// What a box was paid and no run has paid out.
#[utoipa::path(
    operation_id = "list_collections",
    tag = "boxes",
    security(("oauth2" = ["provider"]), ("oauth2" = ["lender"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(("box" = Uuid, Path, description = "The box's id"), PageQuery),
    responses(
        (status = 200, description = "A page of collections", body = Page<CollectionBody>),
        (status = 404, description = "No such box", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/boxes/{box}/collections")]
pub async fn list(
    caller: Caller<BoxReader>,
    id: web::Path<Uuid>,
    query: web::Query<PageQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let span = span_of(&query, &node).await?;
    let exchange = node.view.read();
    let record = seen(&exchange, &caller, BoxId::new(id.into_inner()))?;
    let open = record.life.as_ref().map(|life| life.collected.as_slice()).unwrap_or_default();
    // They stand in the order of their events.
    let later = &open[open.partition_point(|collection| collection.sequence <= span.after_sequence())..];
    let page = span.page(
        &later[..later.len().min(span.fetch_items())],
        |collection| position(collection.sequence),
        |collection| Ok::<_, Problem>(collection_body(collection.sequence, &collection.content)),
    )?;
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &page))
}

/// Take back a collection that was a mistake and that no run has paid out.
#[utoipa::path(
    operation_id = "reverse_collection",
    tag = "boxes",
    security(("oauth2" = ["finance"])),
    params(
        ("box" = Uuid, Path, description = "The box's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = CollectionReversalBody,
    responses(
        (status = 200, description = "Taken back", body = BoxBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/boxes/{box}/collections/reversals")]
pub async fn reverse(
    caller: Caller<FinanceOnly>,
    id: web::Path<Uuid>,
    request: HttpRequest,
    body: JsonBody<CollectionReversalBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let id = BoxId::new(id.into_inner());
    seen(&node.view.read(), &caller, id)?;
    let (event, reason) = (body.sequence, label("reason", &body.reason)?);
    let instruction = Instruction::ReverseCollection { box_id: id, event, by: caller.client, reason };
    let content = (caller.client, id, &*body);
    let sequence = submit(&node, &request, caller.organization, &content, instruction).await?.sequence;
    Ok(answer(HttpResponse::Ok(), sequence, &box_body(&node, id, None)?))
}
