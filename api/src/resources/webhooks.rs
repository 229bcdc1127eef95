//! Webhooks: endpoints that receive their organization's own events, and the log of what was sent to them.

use actix_web::{HttpResponse, delete, get, post, web};
use infra::node::Node;
use infra::webhooks::{Attempt, Delivery, Endpoint, Replayed, WebhookError};
use uuid::Uuid;
use wire::page::{Page, PageQuery};
use wire::problem::ProblemBody;
use wire::webhooks::{
    AttemptBody, CreatedWebhookBody, DeliveryBody, NewWebhookBody, ReplayRequest, ReplayedBody, SecretBody, WebhookBody,
};

use crate::auth::{Caller, Member};
use crate::problem::{Problem, ProblemCode, sentence};
use crate::request::{JsonBody, PageSpan, await_reads, position};

fn webhook_body(endpoint: Endpoint) -> WebhookBody {
    let (disabled_at, disabled_reason) = endpoint.disabled.unzip();
    WebhookBody {
        id: endpoint.id,
        url: endpoint.url,
        event_types: endpoint.event_types,
        after_sequence: endpoint.after_sequence,
        status: if disabled_at.is_some() { "disabled".into() } else { "enabled".into() },
        disabled_reason,
        disabled_at,
        failing_since: endpoint.failing_since,
        created_at: endpoint.created_at,
    }
}

fn attempt_body(attempt: Attempt) -> AttemptBody {
    AttemptBody { at: attempt.at, status: attempt.status, error: attempt.error, duration_ms: attempt.duration_ms }
}

fn delivery_body(delivery: Delivery) -> DeliveryBody {
    DeliveryBody {
        id: delivery.id,
        sequence: delivery.sequence,
        r#type: delivery.event_type,
        state: delivery.state,
        next_attempt_at: delivery.next_attempt_at,
        created_at: delivery.created_at,
        attempts: delivery.attempts.into_iter().map(attempt_body).collect(),
    }
}

fn replayed_body(replayed: Replayed) -> ReplayedBody {
    ReplayedBody { events: replayed.events, last_sequence: replayed.last_sequence, more: replayed.more }
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        let code = match error {
            WebhookError::Target(_) => ProblemCode::WebhookUrlInvalid,
            WebhookError::EventTypeUnknown(_) => ProblemCode::EventTypeUnknown,
            WebhookError::NoEventTypes => ProblemCode::InvalidField,
            WebhookError::TooMany => ProblemCode::WebhookLimit,
            WebhookError::TooManySecrets => ProblemCode::WebhookSecretLimit,
            WebhookError::Disabled => ProblemCode::WebhookDisabled,
            WebhookError::Unknown(what) => return Self::not_found(what),
            WebhookError::Journal(error) => return Self::from(error),
            WebhookError::NoRandomness | WebhookError::Client(_) => return Self::internal(&error),
        };
        Self::new(code, sentence(&error.to_string()))
    }
}

/// Create an endpoint for your organization's events. What happens from now on is sent to it as Standard Webhooks 1.0 has it:
/// `webhook-id`, `webhook-timestamp`, and `webhook-signature` by the secret, which is shown this once.
#[utoipa::path(
    operation_id = "create_webhook",
    tag = "events",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"])),
    request_body = NewWebhookBody,
    responses(
        (status = 201, description = "Created", body = CreatedWebhookBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/webhooks")]
pub async fn create(
    caller: Caller<Member>,
    body: JsonBody<NewWebhookBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let NewWebhookBody { url, event_types } = body.into_inner();
    let (endpoint, secret) = node.webhooks.create(caller.organization, &url, event_types).await?;
    Ok(HttpResponse::Created().json(CreatedWebhookBody { webhook: webhook_body(endpoint), secret: secret.expose() }))
}

/// Your organization's endpoints, oldest first.
#[utoipa::path(
    operation_id = "list_webhooks",
    tag = "events",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"])),
    responses((status = 200, description = "The endpoints, 16 at most", body = Page<WebhookBody>)),
)]
#[get("/webhooks")]
pub async fn list(caller: Caller<Member>, node: web::Data<Node>) -> Result<HttpResponse, Problem> {
    let endpoints = node.webhooks.list(caller.organization).await?;
    let data: Vec<WebhookBody> = endpoints.into_iter().map(webhook_body).collect();
    Ok(HttpResponse::Ok().json(Page { data, next_cursor: None }))
}

/// One of your organization's endpoints.
#[utoipa::path(
    operation_id = "get_webhook",
    tag = "events",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"])),
    params(("webhook" = Uuid, Path, description = "The webhook's id")),
    responses(
        (status = 200, description = "The endpoint", body = WebhookBody),
        (status = 404, description = "No such webhook of yours", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/webhooks/{webhook}")]
pub async fn show(
    caller: Caller<Member>,
    webhook: web::Path<Uuid>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let endpoint = node.webhooks.find(caller.organization, *webhook).await?;
    Ok(HttpResponse::Ok().json(webhook_body(endpoint)))
}

/// Delete an endpoint with the log of its deliveries.
#[utoipa::path(
    operation_id = "delete_webhook",
    tag = "events",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"])),
    params(("webhook" = Uuid, Path, description = "The webhook's id")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "No such webhook of yours", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[delete("/webhooks/{webhook}")]
pub async fn remove(
    caller: Caller<Member>,
    webhook: web::Path<Uuid>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    node.webhooks.delete(caller.organization, *webhook).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Replace an endpoint's secret. For 24 hours deliveries carry the signatures of the new one and the one before.
#[utoipa::path(
    operation_id = "rotate_webhook_secret",
    tag = "events",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"])),
    params(("webhook" = Uuid, Path, description = "The webhook's id")),
    responses(
        (status = 200, description = "The new secret", body = SecretBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/webhooks/{webhook}/rotate-secret")]
pub async fn rotate_secret(
    caller: Caller<Member>,
    webhook: web::Path<Uuid>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let secret = node.webhooks.rotate_secret(caller.organization, *webhook).await?;
    Ok(HttpResponse::Ok().json(SecretBody { secret: secret.expose() }))
}

/// Enable an endpoint that was disabled. It receives what happens from now on; replay what it has missed.
#[utoipa::path(
    operation_id = "enable_webhook",
    tag = "events",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"])),
    params(("webhook" = Uuid, Path, description = "The webhook's id")),
    responses(
        (status = 200, description = "The endpoint", body = WebhookBody),
        (status = 404, description = "No such webhook of yours", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/webhooks/{webhook}/enable")]
pub async fn enable(
    caller: Caller<Member>,
    webhook: web::Path<Uuid>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let endpoint = node.webhooks.enable(caller.organization, *webhook).await?;
    Ok(HttpResponse::Ok().json(webhook_body(endpoint)))
}

/// What was sent to an endpoint in the last 30 days and is yet to be sent, in the sequence of the events.
#[utoipa::path(
    operation_id = "list_webhook_deliveries",
    tag = "events",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"])),
    params(("webhook" = Uuid, Path, description = "The webhook's id"), PageQuery),
    responses(
        (status = 200, description = "A page of deliveries", body = Page<DeliveryBody>),
        (status = 404, description = "No such webhook of yours", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/webhooks/{webhook}/deliveries")]
pub async fn deliveries(
    caller: Caller<Member>,
    webhook: web::Path<Uuid>,
    query: web::Query<PageQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    await_reads(&node, query.min_sequence).await?;
    let deliveries = node.webhooks.deliveries(caller.organization, *webhook, span.after, span.fetch()).await?;
    let page = span.page_by(deliveries, |delivery| position(delivery.sequence), delivery_body);
    Ok(HttpResponse::Ok().json(page))
}

/// Send a delivery again, under the same `webhook-id`.
#[utoipa::path(
    operation_id = "replay_webhook_delivery",
    tag = "events",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"])),
    params(
        ("webhook" = Uuid, Path, description = "The webhook's id"),
        ("delivery" = Uuid, Path, description = "The delivery's id"),
    ),
    responses(
        (status = 202, description = "It will be sent", body = DeliveryBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/webhooks/{webhook}/deliveries/{delivery}/replay")]
pub async fn replay_delivery(
    caller: Caller<Member>,
    path: web::Path<(Uuid, Uuid)>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let (webhook, delivery) = path.into_inner();
    let delivery = node.webhooks.replay(caller.organization, webhook, delivery).await?;
    Ok(HttpResponse::Accepted().json(delivery_body(delivery)))
}

/// Send the events after a sequence, again where they were sent before: at most 1000, none from before the endpoint was created.
#[utoipa::path(
    operation_id = "replay_webhook",
    tag = "events",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"])),
    params(("webhook" = Uuid, Path, description = "The webhook's id")),
    request_body = ReplayRequest,
    responses(
        (status = 202, description = "They will be sent", body = ReplayedBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/webhooks/{webhook}/replay")]
pub async fn replay_since(
    caller: Caller<Member>,
    webhook: web::Path<Uuid>,
    body: JsonBody<ReplayRequest>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let after = i64::try_from(body.after)
        .map_err(|_| Problem::new(ProblemCode::InvalidField, "after must be a sequence of the log."))?;
    await_reads(&node, None).await?;
    let replayed = node.webhooks.replay_since(caller.organization, *webhook, after).await?;
    Ok(HttpResponse::Accepted().json(replayed_body(replayed)))
}
