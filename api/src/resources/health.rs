//! For machines: is it alive, can it work, and how is it doing.

use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, HttpResponse, get, web};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use infra::node::Node;
use infra::relay::RelayStatus;
use infra::sequencer::Status;
use secrecy::{ExposeSecret as _, SecretString};
use wire::health::ReadyBody;
use wire::problem::ProblemBody;

use crate::auth::bearer_token;
use crate::problem::{Problem, ProblemCode};

/// The process runs.
#[utoipa::path(
    operation_id = "get_health",
    tag = "machine",
    responses((status = 200, description = "Alive", body = String, content_type = "text/plain")),
)]
#[get("/healthz")]
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether orders are taken. Kafka being away does not make it unready.
#[utoipa::path(
    operation_id = "get_readiness",
    tag = "machine",
    responses(
        (status = 200, description = "Orders are taken", body = ReadyBody),
        (status = 503, description = "Orders are not taken", body = ReadyBody),
    ),
)]
#[get("/readyz")]
pub async fn readyz(node: web::Data<Node>) -> HttpResponse {
    let status = node.sequencer.status();
    let (relay, published) = match node.relay.status() {
        RelayStatus::Connecting => ("connecting", None),
        RelayStatus::Published(sequence) => ("publishing", Some(sequence)),
        RelayStatus::Interrupted(_) => ("interrupted", None),
        RelayStatus::Stopped(_) => ("stopped", None),
    };
    let clock = match node.clock.hold() {
        Some(_) => "held",
        None if node.clock.is_simulated() => "simulated",
        None => "followed",
    };
    let body = ReadyBody {
        ready: status == Status::Leading && clock != "held",
        sequencer: match status {
            Status::Leading => "leading",
            Status::Recovering => "recovering",
            Status::Fenced => "fenced",
        }
        .into(),
        sequence: node.log.head(),
        projected: node.read_models.position(),
        clock: clock.into(),
        relay: relay.into(),
        published,
    };
    let mut response = if body.ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.json(body)
}

/// Who is told the metrics.
#[derive(Clone)]
pub enum MetricsAccess {
    /// Everyone.
    Everyone,
    /// Whoever has this token.
    Token(SecretString),
    /// Nobody here.
    Nobody,
}

impl MetricsAccess {
    fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match self {
            Self::Everyone => Ok(()),
            Self::Nobody => Err(Problem::not_found("path")),
            Self::Token(token) => {
                let given = bearer_token(headers).unwrap_or_default();
                let fits = verify_slices_are_equal(given.as_bytes(), token.expose_secret().as_bytes()).is_ok();
                let wrong =
                    || Problem::new(ProblemCode::Unauthenticated, "The metrics are for whoever has their token.");
                fits.then_some(()).ok_or_else(wrong)
            }
        }
    }
}

/// Counters and measurements in the OpenMetrics text format.
#[utoipa::path(
    operation_id = "get_metrics",
    tag = "machine",
    responses(
        (status = 200, description = "The metrics", body = String, content_type = "application/openmetrics-text"),
        (status = 401, description = "The metrics' token is missing or wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The metrics are served elsewhere", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/metrics")]
pub async fn metrics(
    request: HttpRequest,
    node: web::Data<Node>,
    access: web::Data<MetricsAccess>,
) -> Result<HttpResponse, Problem> {
    access.check(request.headers())?;
    node.metrics.clock_held.set(i64::from(node.clock.hold().is_some()));
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8"))
        .body(node.metrics.render()))
}
