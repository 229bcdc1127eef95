//! Webhooks: endpoints that receive their organization's own events, and the log of what was sent to them.

use actix_web::{HttpResponse, delete, get, post, web};
use infra::node::Node;
use infra::webhooks::{Attempt, Delivery, Endpoint, Replayed, WebhookError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wire::page::{Page, PageQuery};
use wire::problem::ProblemBody;

use crate::auth::{Caller, Member};
use crate::problem::{Problem, ProblemCode, sentence};
use crate::request::{JsonBody, PageSpan, await_reads};

/// An endpoint to be created.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhookBody {
    /// Where events are sent: HTTPS to a host on the public internet, at most 2048 characters.
    #[schema(example = "https://hooks.example.com/secondwind")]
    url: String,
    /// The types to send, as `GET /v1/events` names them or, with `secondwind.` before, the payload; all when not given.
    #[serde(default)]
    #[schema(example = json!(["trade_executed", "hours_delivered"]))]
    event_types: Option<Vec<String>>,
}

/// An endpoint.
#[derive(Serialize, ToSchema)]
pub struct WebhookBody {
    /// Its id.
    id: Uuid,
    /// Where events are sent.
    url: String,
    /// The types that are sent; null for all.
    event_types: Option<Vec<String>>,
    /// Events after the one with this sequence are sent: the last there was when the endpoint was created.
    after_sequence: u64,
    /// `enabled`, or `disabled`: nothing is sent.
    status: &'static str,
    /// Why it is disabled: `gone` when it answered 410, `failing` when every attempt failed for five days.
    disabled_reason: Option<String>,
    /// When it was disabled.
    #[schema(value_type = Option<String>, format = DateTime)]
    disabled_at: Option<Timestamp>,
    /// Since when every attempt has failed; null when the last one did not.
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Timestamp>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Endpoint> for WebhookBody {
    fn from(endpoint: Endpoint) -> Self {
        let (disabled_at, disabled_reason) = endpoint.disabled.unzip();
        Self {
            id: endpoint.id,
            url: endpoint.url,
            event_types: endpoint.event_types,
            after_sequence: endpoint.after_sequence,
            status: if disabled_at.is_some() { "disabled" } else { "enabled" },
            disabled_reason,
            disabled_at,
            failing_since: endpoint.failing_since,
            created_at: endpoint.created_at,
        }
    }
}

/// An endpoint as it was created. The secret is shown this once.
#[derive(Serialize, ToSchema)]
pub struct CreatedWebhookBody {
    #[serde(flatten)]
    webhook: WebhookBody,
    /// What deliveries are signed with: give it to a Standard Webhooks library.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

/// A new secret. It is shown this once.
#[derive(Serialize, ToSchema)]
pub struct SecretBody {
    /// What deliveries are signed with from now on. For 24 hours they also carry the signature of the secret before.
    secret: String,
}

/// An attempt to deliver.
#[derive(Serialize, ToSchema)]
pub struct AttemptBody {
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The status that the endpoint answered; null when it did not.
    status: Option<u16>,
    /// Why it did not answer; null when it did.
    error: Option<String>,
    /// How long it took, in milliseconds.
    duration_ms: u32,
}

impl From<Attempt> for AttemptBody {
    fn from(attempt: Attempt) -> Self {
        Self { at: attempt.at, status: attempt.status, error: attempt.error, duration_ms: attempt.duration_ms }
    }
}

/// An event on its way to an endpoint.
#[derive(Serialize, ToSchema)]
pub struct DeliveryBody {
    /// Its id: the `webhook-id` of every attempt.
    id: Uuid,
    /// The event's sequence.
    sequence: u64,
    /// The event's type.
    #[schema(example = "trade_executed")]
    r#type: String,
    /// `pending`, `delivered` when an attempt was answered with 2xx, or `failed` when no further attempt is made.
    state: String,
    /// When it is tried next; null when it is not.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Timestamp>,
    /// When it was enqueued.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// What was tried, in order.
    attempts: Vec<AttemptBody>,
}

impl From<Delivery> for DeliveryBody {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            sequence: delivery.sequence,
            r#type: delivery.event_type,
            state: delivery.state,
            next_attempt_at: delivery.next_attempt_at,
            created_at: delivery.created_at,
            attempts: delivery.attempts.into_iter().map(AttemptBody::from).collect(),
        }
    }
}

/// From where on to replay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    /// Events after the one with this sequence are sent again; from the first when not given.
    #[serde(default)]
    after: u64,
}

/// What is sent again.
#[derive(Serialize, ToSchema)]
pub struct ReplayedBody {
    /// How many events, at most 1000.
    events: usize,
    /// The sequence of the last of them; null for none.
    last_sequence: Option<u64>,
    /// Whether more follow: replay `after` `last_sequence` for those.
    more: bool,
}

impl From<Replayed> for ReplayedBody {
    fn from(replayed: Replayed) -> Self {
        Self { events: replayed.events, last_sequence: replayed.last_sequence, more: replayed.more }
    }
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
    Ok(HttpResponse::Created().json(CreatedWebhookBody { webhook: endpoint.into(), secret: secret.expose() }))
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
    let data: Vec<WebhookBody> = endpoints.into_iter().map(WebhookBody::from).collect();
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
    Ok(HttpResponse::Ok().json(WebhookBody::from(endpoint)))
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
    Ok(HttpResponse::Ok().json(WebhookBody::from(endpoint)))
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
    let position = |delivery: &Delivery| i64::try_from(delivery.sequence).unwrap_or(i64::MAX);
    let page = span.page(&deliveries, position, |delivery| Ok::<_, Problem>(DeliveryBody::from(delivery.clone())))?;
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
    Ok(HttpResponse::Accepted().json(DeliveryBody::from(delivery)))
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
    Ok(HttpResponse::Accepted().json(ReplayedBody::from(replayed)))
}
