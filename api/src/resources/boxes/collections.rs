//! What a box is paid: by its clients, and by the exchange for what its contracts have earned.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::node::Node;
use ledger::{Amount, BoxId, Day, ItemName, TransferId};
use matching::{BoxCollected, Event, Instruction, NewCollection};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wire::page::{Page, PageQuery};
use wire::problem::ProblemBody;

use super::{BoxBody, seen};
use crate::auth::{BoxReader, Caller, FinanceOnly};
use crate::label::label;
use crate::problem::Problem;
use crate::request::{JsonBody, answer, position, span_of};
use crate::resources::{submit, unexpected_receipt};

/// What a client pays a box, or the exchange pays over.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCollectionBody {
    /// The contract, by the name that the deal gives it.
    #[schema(value_type = String, example = "anchor")]
    contract: ItemName,
    /// How much.
    #[schema(value_type = String, example = "5400000.00")]
    amount: Amount,
    /// The day the money came to the box's bank, not in the future; today when not given.
    #[schema(value_type = Option<String>, format = Date)]
    date: Option<Day>,
    /// The bank's reference, 1 to 120 characters.
    reference: String,
}

/// What a client paid a box.
#[derive(Serialize, ToSchema)]
pub struct CollectionBody {
    /// The contract.
    #[schema(value_type = String)]
    contract: ItemName,
    /// How much.
    #[schema(value_type = String)]
    amount: Amount,
    /// The day the money came.
    #[schema(value_type = String, format = Date)]
    date: Day,
    /// The bank's reference.
    reference: String,
    /// Of a contract of the exchange, the transfer by which it was paid over.
    transfer: Option<Uuid>,
    /// The event whose entries it is: `GET /v1/ledger/entries?event=…`.
    sequence: u64,
}

impl CollectionBody {
    /// What an event recorded.
    fn of(sequence: u64, e: &BoxCollected) -> Self {
        let BoxCollected { contract, amount, paid: date, .. } = *e;
        let transfer = e.transfer.map(TransferId::uuid);
        Self { contract, amount, date, reference: e.reference.to_string(), transfer, sequence }
    }
}

/// A collection to be taken back.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectionReversalBody {
    /// Its event.
    sequence: u64,
    /// Why, 1 to 120 characters.
    reason: String,
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
        Event::BoxCollected(e) => Some(CollectionBody::of(row.record.sequence, e)),
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
        |collection| Ok::<_, Problem>(CollectionBody::of(collection.sequence, &collection.content)),
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
    Ok(answer(HttpResponse::Ok(), sequence, &BoxBody::of(&node, id, None)?))
}
