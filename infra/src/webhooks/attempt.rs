//! Attempt to deliver: the request as Standard Webhooks has it, and its outcome.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ledger::OrganizationId;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, redirect};
use serde::Serialize;
use uuid::Uuid;

use super::endpoint::TYPE_PREFIX;
use super::secret::signatures;
use super::target::GuardedResolver;
use super::{Targets, WebhookError, WebhookSecret, WebhookSettings};
use crate::Clock;
use crate::read_models::OwnEvent;

/// Time that connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Number of bytes that are read of an answer. Nobody looks at it, but a connection can be used again when its answer
/// has been read.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// Longest text of an error, in characters.
const ERROR_LENGTH_MAX: usize = 300;

/// Delivery that is due.
pub(super) struct DueDelivery {
    /// Id of the delivery, which is the `webhook-id`.
    pub id: Uuid,
    /// Id of the endpoint.
    pub webhook: Uuid,
    /// Organization of the endpoint.
    pub organization: OrganizationId,
    /// URL to send it to.
    pub url: String,
    /// Number of attempts that were made.
    pub tries: u32,
    /// Time at which it fell due. It is another time once it has been replayed.
    pub due_at: Timestamp,
    /// Secrets that sign it.
    pub secrets: Vec<WebhookSecret>,
    /// Event to send.
    pub event: OwnEvent,
}

/// Outcome of an attempt.
pub(super) struct Outcome {
    /// HTTP status of the endpoint, or the reason why there is none.
    pub answer: Result<u16, String>,
    /// Duration of the attempt.
    pub took: Duration,
}

impl Outcome {
    /// Returns whether the endpoint took the delivery.
    pub fn is_success(&self) -> bool {
        matches!(self.answer, Ok(200..=299))
    }

    /// Returns whether the endpoint said that it is gone for good.
    pub fn is_gone(&self) -> bool {
        self.answer == Ok(410)
    }
}

/// Body of the request.
#[derive(Serialize)]
struct Payload<'a> {
    r#type: String,
    timestamp: String,
    data: Data<'a>,
}

/// Event as `GET /v1/events` shows it.
#[derive(Serialize)]
struct Data<'a> {
    sequence: u64,
    #[serde(flatten)]
    event: &'a serde_json::Value,
}

/// Makes the client that sends: it connects to allowed addresses only, by no proxy, and follows no redirect.
pub(super) fn http_client(settings: &WebhookSettings) -> Result<Client, WebhookError> {
    let builder = || {
        Client::builder()
            .user_agent(concat!("Secondwind-Webhooks/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(GuardedResolver(settings.targets)))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(settings.timeout)
    };
    // The exchange starts on a machine without certificate authorities, too; there nobody's certificate is believed.
    let client = builder().build().or_else(|error| {
        tracing::warn!(%error, "no certificate authorities: webhooks to https fail until some are installed");
        builder().tls_certs_only([]).build()
    })?;
    Ok(client)
}

/// Sends a delivery once.
pub(super) async fn send(client: &Client, targets: Targets, due: &DueDelivery) -> Outcome {
    let started = Instant::now();
    let answer = exchange(client, targets, due).await;
    // Nor does the time tell whether a port of this machine was closed, or silent.
    let is_untold = targets == Targets::LoopbackToo && answer.is_err();
    Outcome { answer, took: if is_untold { Duration::ZERO } else { started.elapsed() } }
}

async fn exchange(client: &Client, targets: Targets, due: &DueDelivery) -> Result<u16, String> {
    // An address in the URL is connected to without being resolved, and what is allowed may have changed since it was
    // stored.
    let url = targets.parse(&due.url).map_err(|error| error.to_string())?;
    let id = due.id.to_string();
    let timestamp = Clock::of_machine().micros().div_euclid(1_000_000);
    let payload = Payload {
        r#type: format!("{TYPE_PREFIX}{}", due.event.name),
        timestamp: due.event.at.to_string(),
        data: Data { sequence: due.event.sequence, event: &due.event.data },
    };
    let body = serde_json::to_vec(&payload).map_err(|error| error.to_string())?;
    let request = client
        .post(url)
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signatures(&due.secrets, &id, timestamp, &body))
        .body(body);
    let response = request.send().await.map_err(|error| told(targets, due, &error))?;
    let status = response.status().as_u16();
    read_some(response).await;
    Ok(status)
}

/// Reads the answer's beginning; whatever fails on the way, the status stands.
async fn read_some(mut response: Response) {
    let mut read = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        read += chunk.len();
        if read > ANSWER_BYTES_MAX {
            return;
        }
    }
}

/// Returns what an endpoint's owner hears of an error. Where endpoints may be on this machine, its causes would tell
/// anybody which ports are open here: they are in the log only.
fn told(targets: Targets, due: &DueDelivery, error: &reqwest::Error) -> String {
    match targets {
        Targets::Public => describe(error),
        Targets::LoopbackToo => {
            tracing::info!(webhook = %due.webhook, error = describe(error), "a webhook got no answer");
            "no answer; the server's log says why".to_owned()
        }
    }
}

/// Formats the error with its causes, without the URL, which its reader knows.
fn describe(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() { "timed out" } else { "no answer" }.to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    text.chars().take(ERROR_LENGTH_MAX).collect()
}
