//! The life of a box besides its waterfall runs: its closing, what suppliers invoice, acceleration, and its end.

use actix_web::{HttpRequest, HttpResponse, post, web};
use infra::node::Node;
use ledger::BoxId;
use matching::Instruction;
use uuid::Uuid;
use wire::boxes::deals::BoxBody;
use wire::boxes::life::{AccelerationBody, SupplierInvoiceBody};
use wire::problem::ProblemBody;

use super::{box_body, seen};
use crate::auth::{Caller, FinanceOnly};
use crate::label::label;
use crate::problem::Problem;
use crate::request::{JsonBody, answer};
use crate::resources::submit;

/// Close a box's deal, on its closing date or later: what it draws, buys and sets aside on that day is in its books, and the sponsor has paid in the
/// rest.
#[utoipa::path(
    operation_id = "close_deal",
    tag = "boxes",
    security(("oauth2" = ["finance"])),
    params(
        ("box" = Uuid, Path, description = "The box's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    responses(
        (status = 200, description = "Closed", body = BoxBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/boxes/{box}/closing")]
pub async fn close(
    caller: Caller<FinanceOnly>,
    id: web::Path<Uuid>,
    request: HttpRequest,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let id = BoxId::new(id.into_inner());
    seen(&node.view.read(), &caller, id)?;
    let instruction = Instruction::CloseDeal { box_id: id, by: caller.client };
    let sequence = submit(&node, &request, caller.organization, &(caller.client, id), instruction).await?.sequence;
    Ok(answer(HttpResponse::Ok(), sequence, &box_body(&node, id, None)?))
}

/// Enter what a supplier invoiced for a month: it counts instead of what the agreement's terms say. Of a month that a run has taken up, the
/// difference falls due with the next.
#[utoipa::path(
    operation_id = "invoice_agreement",
    tag = "boxes",
    security(("oauth2" = ["finance"])),
    params(
        ("box" = Uuid, Path, description = "The box's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = SupplierInvoiceBody,
    responses(
        (status = 201, description = "Entered", body = SupplierInvoiceBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/boxes/{box}/invoices")]
pub async fn invoice(
    caller: Caller<FinanceOnly>,
    id: web::Path<Uuid>,
    request: HttpRequest,
    body: JsonBody<SupplierInvoiceBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let (id, body) = (BoxId::new(id.into_inner()), body.into_inner());
    seen(&node.view.read(), &caller, id)?;
    let SupplierInvoiceBody { agreement, month, amount, ref reference } = body;
    let (reference, by) = (label("reference", reference)?, caller.client);
    let instruction = Instruction::InvoiceAgreement { box_id: id, agreement, month, amount, reference, by };
    let content = (caller.client, id, &body);
    let sequence = submit(&node, &request, caller.organization, &content, instruction).await?.sequence;
    Ok(answer(HttpResponse::Created(), sequence, &body))
}

/// Accelerate a box's debt, or take that back. Lenders may when the DSCR was below its default on the latest determination date, or when interest or
/// principal is unpaid. From the next run on, all debt is due and the sponsor gets nothing.
#[utoipa::path(
    operation_id = "accelerate",
    tag = "boxes",
    security(("oauth2" = ["finance"])),
    params(
        ("box" = Uuid, Path, description = "The box's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = AccelerationBody,
    responses(
        (status = 200, description = "Done", body = BoxBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/boxes/{box}/acceleration")]
pub async fn accelerate(
    caller: Caller<FinanceOnly>,
    id: web::Path<Uuid>,
    request: HttpRequest,
    body: JsonBody<AccelerationBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let id = BoxId::new(id.into_inner());
    seen(&node.view.read(), &caller, id)?;
    let (accelerated, reason) = (body.accelerated, label("reason", &body.reason)?);
    let instruction = Instruction::Accelerate { box_id: id, accelerated, by: caller.client, reason };
    let content = (caller.client, id, &*body);
    let sequence = submit(&node, &request, caller.organization, &content, instruction).await?.sequence;
    Ok(answer(HttpResponse::Ok(), sequence, &box_body(&node, id, None)?))
}

/// Bring a box to its end behind its last determination date, when nothing is owed or kept: its sponsor gets what is left of the hardware, what
/// clients never paid is written off, and every account is closed to zero.
#[utoipa::path(
    operation_id = "wind_up",
    tag = "boxes",
    security(("oauth2" = ["finance"])),
    params(
        ("box" = Uuid, Path, description = "The box's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    responses(
        (status = 200, description = "Wound up", body = BoxBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/boxes/{box}/wind-up")]
pub async fn wind_up(
    caller: Caller<FinanceOnly>,
    id: web::Path<Uuid>,
    request: HttpRequest,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let id = BoxId::new(id.into_inner());
    seen(&node.view.read(), &caller, id)?;
    let instruction = Instruction::WindUp { box_id: id, by: caller.client };
    let sequence = submit(&node, &request, caller.organization, &(caller.client, id), instruction).await?.sequence;
    Ok(answer(HttpResponse::Ok(), sequence, &box_body(&node, id, None)?))
}
