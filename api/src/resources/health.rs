//! For machines: is it alive, can it work, and how is it doing.

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use infra::relay::RelayStatus;
use infra::sequencer::Status;
use serde::Serialize;
use utoipa::ToSchema;

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

/// What works and what does not.
#[derive(Serialize, ToSchema)]
pub struct ReadyBody {
    /// Whether orders are taken.
    ready: bool,
    /// `leading`, `recovering` while the database is away, or `fenced` when another process leads.
    sequencer: &'static str,
    /// The log's head.
    sequence: u64,
    /// How far the read models are.
    projected: u64,
    /// `followed`, `simulated`, or `held` while time stands still until an operator confirms the machine's clock.
    clock: &'static str,
    /// `connecting`, `publishing`, or why publishing has stopped. Trading goes on without.
    relay: String,
    /// How far the log is published.
    published: Option<u64>,
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
        RelayStatus::Connecting => ("connecting".to_owned(), None),
        RelayStatus::Published(sequence) => ("publishing".to_owned(), Some(sequence)),
        RelayStatus::Interrupted(reason) => (format!("interrupted, trying again: {reason}"), None),
        RelayStatus::Stopped(reason) => (reason, None),
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
        },
        sequence: node.log.head(),
        projected: node.projection.position(),
        clock,
        relay,
        published,
    };
    let mut response = if body.ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.json(body)
}

/// Counters and measurements in the OpenMetrics text format.
#[utoipa::path(
    operation_id = "get_metrics",
    tag = "machine",
    responses((status = 200, description = "The metrics", body = String, content_type = "application/openmetrics-text")),
)]
#[get("/metrics")]
pub async fn metrics(node: web::Data<Node>) -> HttpResponse {
    node.metrics.clock_held.set(i64::from(node.clock.hold().is_some()));
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8"))
        .body(node.metrics.render())
}
