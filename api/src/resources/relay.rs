//! What the operator sees of the relay, and how it is told to go on.

use actix_web::{HttpResponse, get, post, web};
use infra::node::Node;
use infra::relay::{RelayStatus, Stop};
use ledger::Instant;
use wire::problem::ProblemBody;
use wire::relay::{RelayBody, RelayResumeBody, RelayStopBody};

use crate::auth::{Caller, OperatorOnly};
use crate::problem::{Problem, ProblemCode};
use crate::request::{JsonBody, answer};

fn relay_stop_body(stop: Stop) -> RelayStopBody {
    let stopped_at = Instant::nearest_to(stop.stopped_at.as_microsecond());
    RelayStopBody { id: stop.id, reason: stop.reason, stopped_at }
}

/// What the relay does, and why it does not.
#[utoipa::path(
    operation_id = "get_relay",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    responses((status = 200, description = "The relay", body = RelayBody)),
)]
#[get("/relay")]
pub async fn show(_caller: Caller<OperatorOnly>, node: web::Data<Node>) -> Result<HttpResponse, Problem> {
    let (status, published, reason) = match node.relay.status() {
        RelayStatus::Connecting => ("connecting", None, None),
        RelayStatus::Published(sequence) => ("publishing", Some(sequence), None),
        RelayStatus::Interrupted(reason) => ("interrupted", None, Some(reason)),
        RelayStatus::Stopped(reason) => ("stopped", None, Some(reason)),
    };
    let stop = node.relay.stop().await?.map(relay_stop_body);
    let body = RelayBody { topic: node.relay.topic().to_owned(), status: status.into(), published, reason, stop };
    Ok(answer(HttpResponse::Ok(), node.log.head(), &body))
}

/// Lift a stop of the relay. It compares log and topic anew, and stops again where they still differ.
#[utoipa::path(
    operation_id = "resume_relay",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    request_body = RelayResumeBody,
    responses(
        (status = 204, description = "Lifted"),
        (status = 409, description = "There is no such stop", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/relay/resume")]
pub async fn resume(
    caller: Caller<OperatorOnly>,
    body: JsonBody<RelayResumeBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    if node.relay.resume(body.stop, &caller.client.to_string()).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        let detail = "The relay has no such stop. GET /v1/relay shows the one that stands.";
        Err(Problem::new(ProblemCode::RelayNotStopped, detail))
    }
}
