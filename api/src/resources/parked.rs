//! What fell due and could not be carried out, as an operator sees it.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::node::Node;
use matching::{Instruction, Parked, ParkedDue};
use wire::page::Page;
use wire::parked::{ParkedBody, ParkedDueBody};
use wire::problem::ProblemBody;

use super::submit;
use crate::auth::{AuditorOrOperator, Caller, OperatorOnly};
use crate::problem::Problem;
use crate::request::{JsonBody, answer};

fn parked_body((due, parked): (ParkedDue, &Parked)) -> ParkedBody {
    let statement = ledger::Invariant::find(&parked.invariant).map_or("", ledger::Invariant::statement);
    ParkedBody {
        due: due.into(),
        since: parked.since,
        invariant: parked.invariant.clone(),
        statement: statement.into(),
    }
}

/// What fell due and could not be carried out, because it would have broken an invariant. Everything else goes on. A contract in this list
/// is neither charged nor delivered, and its month cannot be closed.
#[utoipa::path(
    operation_id = "list_parked",
    tag = "operator",
    security(("oauth2" = ["auditor"]), ("oauth2" = ["operator"])),
    responses((status = 200, description = "What is set aside", body = Page<ParkedBody>)),
)]
#[get("/parked")]
pub async fn list(_caller: Caller<AuditorOrOperator>, node: web::Data<Node>) -> HttpResponse {
    let exchange = node.view.read();
    let data = exchange.parked().map(parked_body).collect();
    answer(HttpResponse::Ok(), exchange.sequence(), &Page { data, next_cursor: None })
}

/// Let something that was set aside fall due again, once its cause is mended. What would still break an invariant is set aside again.
#[utoipa::path(
    operation_id = "resume_parked",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable")),
    request_body = ParkedDueBody,
    responses(
        (status = 200, description = "It falls due again", body = ParkedDueBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/parked/resume")]
pub async fn resume(
    caller: Caller<OperatorOnly>,
    request: HttpRequest,
    body: JsonBody<ParkedDueBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let instruction = Instruction::ResumeDue { due: (*body).into(), by: caller.client };
    let content = (caller.client, &*body);
    let sequence = submit(&node, &request, caller.organization, &content, instruction).await?.sequence;
    Ok(answer(HttpResponse::Ok(), sequence, &*body))
}
