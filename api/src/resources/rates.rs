//! What indices are fixed at: the rates that floating debt follows.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::node::Node;
use matching::{IndexFixed, Instruction};
use wire::page::Page;
use wire::problem::ProblemBody;
use wire::rates::FixingBody;

use super::submit;
use crate::auth::{BoxReader, Caller, OperatorOnly};
use crate::problem::Problem;
use crate::request::{JsonBody, answer};

/// Fix an index from a day on. It holds for every deal that follows it, from the first period that begins on that day or later; a fixing of the same day
/// is replaced, and one that a deal expects for a later day stays.
#[utoipa::path(
    operation_id = "fix_index",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable")),
    request_body = FixingBody,
    responses(
        (status = 201, description = "Fixed", body = FixingBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/rates")]
pub async fn fix(
    caller: Caller<OperatorOnly>,
    request: HttpRequest,
    body: JsonBody<FixingBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let FixingBody { index, from, rate } = *body;
    let instruction = Instruction::FixIndex(IndexFixed { index, from, rate, by: caller.client });
    let content = (caller.client, &*body);
    let sequence = submit(&node, &request, caller.organization, &content, instruction).await?.sequence;
    Ok(answer(HttpResponse::Created(), sequence, &*body))
}

/// What indices are fixed at, by name and day.
#[utoipa::path(
    operation_id = "list_rates",
    tag = "boxes",
    security(("oauth2" = ["provider"]), ("oauth2" = ["lender"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    responses((status = 200, description = "The fixings", body = Page<FixingBody>)),
)]
#[get("/rates")]
pub async fn list(_caller: Caller<BoxReader>, node: web::Data<Node>) -> Result<HttpResponse, Problem> {
    let exchange = node.view.read();
    let fixings = exchange.rates().iter().flat_map(|(index, fixings)| {
        fixings.iter().map(|(from, rate)| FixingBody { index: *index, from: *from, rate: *rate })
    });
    let data = fixings.collect();
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &Page { data, next_cursor: None }))
}
