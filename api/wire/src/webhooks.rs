//! Webhooks: endpoints, what is delivered to them, and what is sent again.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// An endpoint to be created.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhookBody {
    /// Where events are sent: HTTPS to a host on the public internet, at most 2048 characters.
    #[schema(example = "https://hooks.example.com/secondwind")]
    pub url: String,
    /// The types to send, as `GET /v1/events` names them or, with `secondwind.` before, the payload; all when not given.
    #[serde(default)]
    #[schema(example = json!(["trade_executed", "hours_delivered"]))]
    pub event_types: Option<Vec<String>>,
}

/// An endpoint.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct WebhookBody {
    /// Its id.
    pub id: Uuid,
    /// Where events are sent.
    pub url: String,
    /// The types that are sent; null for all.
    pub event_types: Option<Vec<String>>,
    /// Events after the one with this sequence are sent: the last there was when the endpoint was created.
    pub after_sequence: u64,
    /// `enabled`, or `disabled`: nothing is sent.
    pub status: Cow<'static, str>,
    /// Why it is disabled: `gone` when it answered 410, `failing` when every attempt failed for five days.
    pub disabled_reason: Option<String>,
    /// When it was disabled.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub disabled_at: Option<Timestamp>,
    /// Since when every attempt has failed; null when the last one did not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub failing_since: Option<Timestamp>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// An endpoint as it was created. The secret is shown this once.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct CreatedWebhookBody {
    #[expect(missing_docs, reason = "the schema as it is published describes the type alone")]
    #[serde(flatten)]
    pub webhook: WebhookBody,
    /// What deliveries are signed with: give it to a Standard Webhooks library.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: String,
}

/// A new secret. It is shown this once.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct SecretBody {
    /// What deliveries are signed with from now on. For 24 hours they also carry the signature of the secret before.
    pub secret: String,
}

/// An attempt to deliver.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct AttemptBody {
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The status that the endpoint answered; null when it did not.
    pub status: Option<u16>,
    /// Why it did not answer; null when it did.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: u32,
}

/// An event on its way to an endpoint.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DeliveryBody {
    /// Its id: the `webhook-id` of every attempt.
    pub id: Uuid,
    /// The event's sequence.
    pub sequence: u64,
    /// The event's type.
    #[schema(example = "trade_executed")]
    pub r#type: String,
    /// `pending`, `delivered` when an attempt was answered with 2xx, or `failed` when no further attempt is made.
    pub state: String,
    /// When it is tried next; null when it is not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_attempt_at: Option<Timestamp>,
    /// When it was enqueued.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// What was tried, in order.
    pub attempts: Vec<AttemptBody>,
}

/// From where on to replay.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    /// Events after the one with this sequence are sent again; from the first when not given.
    #[serde(default)]
    pub after: u64,
}

/// What is sent again.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ReplayedBody {
    /// How many events, at most 1000.
    pub events: usize,
    /// The sequence of the last of them; null for none.
    pub last_sequence: Option<u64>,
    /// Whether more follow: replay `after` `last_sequence` for those.
    pub more: bool,
}
