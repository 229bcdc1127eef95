//! Webhooks: organizations' own events, sent to their endpoints and signed as Standard Webhooks 1.0 has it.
//!
//! - `endpoint`, `secret`, `target`: where to send, what to sign with, and where nothing is ever sent.
//! - `enqueue`: follows the read models and turns events into deliveries, in one transaction with its position, so that
//!   a crash neither loses nor repeats one.
//! - `dispatch`, `attempt`: sends what is due, the urgent first, and writes down what came of it.
//! - `delivery`: reads the deliveries back, and has them sent again.
//!
//! A delivery is sent at least once, always under the same `webhook-id`. Each endpoint has one request at a time, so a
//! slow one holds up nobody else. Retries follow the machine's clock, whatever the exchange's says.

mod attempt;
mod delivery;
mod dispatch;
mod endpoint;
mod enqueue;
mod retention;
mod retry;
mod secret;
mod target;
mod urgency;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::journal::JournalError;
use crate::read_models::ReadModels;
use crate::telemetry::Metrics;
use crate::{ConnectError, Database};

pub use delivery::{Attempt, Delivery, REPLAYED_EVENTS_MAX, Replayed};
pub use endpoint::{ENDPOINTS_PER_ORGANIZATION_MAX, Endpoint, SECRETS_MAX};
pub use retry::RetrySchedule;
pub use secret::WebhookSecret;
pub use target::{TargetError, Targets, URL_LENGTH_MAX};

/// Pause after a failure of the database.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Settings of webhooks.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Addresses to which they may be sent.
    pub targets: Targets,
    /// Pauses after which a failed attempt is made again.
    pub retries: RetrySchedule,
    /// Time that an endpoint may take to answer.
    pub timeout: Duration,
}

impl Default for WebhookSettings {
    /// Returns the settings of a service on the internet.
    fn default() -> Self {
        Self { targets: Targets::Public, retries: RetrySchedule::default(), timeout: Duration::from_secs(15) }
    }
}

impl WebhookSettings {
    /// Returns the defaults with endpoints on this machine allowed, over HTTP too: for `secondwind run` and tests.
    pub fn with_loopback() -> Self {
        Self { targets: Targets::LoopbackToo, ..Self::default() }
    }
}

/// Reason why a request about a webhook failed.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The URL is not one that webhooks may be sent to.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// No events have this type.
    #[error("there are no events of the type {0:?}; the types are {types}", types = endpoint::event_types())]
    EventTypeUnknown(String),
    /// The list of types names none.
    #[error("event_types must name a type; leave it out for all of them")]
    NoEventTypes,
    /// The organization has as many webhooks as it may.
    #[error("an organization has at most {ENDPOINTS_PER_ORGANIZATION_MAX} webhooks")]
    TooMany,
    /// The secret was changed too often within a day.
    #[error("{SECRETS_MAX} secrets of this webhook are valid now; the oldest ends a day after it was replaced")]
    TooManySecrets,
    /// The webhook is disabled.
    #[error("the webhook is disabled and sends nothing")]
    Disabled,
    /// The organization has no such webhook, or it no such delivery.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// The machine returns no random bytes.
    #[error("no randomness")]
    NoRandomness,
    /// The database cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The client cannot be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

impl From<ConnectError> for WebhookError {
    fn from(error: ConnectError) -> Self {
        Self::Journal(error.into())
    }
}

impl From<tokio_postgres::Error> for WebhookError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Journal(error.into())
    }
}

impl From<deadpool_postgres::PoolError> for WebhookError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        Self::Journal(error.into())
    }
}

/// Webhooks of all organizations, and their sender. It stops when the last clone is dropped.
#[derive(Clone)]
pub struct Webhooks {
    database: Database,
    targets: Targets,
    /// Sender of a wake-up when there is something new to send.
    wake: watch::Sender<()>,
}

impl Webhooks {
    /// Starts turning events into deliveries and sending them.
    ///
    /// # Errors
    /// [`WebhookError::Client`] when the HTTP client cannot be set up.
    pub fn start(
        database: Database,
        read_models: &ReadModels,
        settings: WebhookSettings,
        metrics: Metrics,
    ) -> Result<Self, WebhookError> {
        let (wake, roused) = watch::channel(());
        let enqueued = Arc::new(Notify::new());
        let targets = settings.targets;
        let sender = dispatch::Dispatcher::new(database.clone(), settings, metrics)?;
        tokio::spawn(enqueue::follow(database.clone(), read_models.subscribe(), roused.clone(), enqueued.clone()));
        tokio::spawn(sender.run(roused.clone(), enqueued));
        tokio::spawn(retention::keep(database.clone(), roused));
        Ok(Self { database, targets, wake })
    }
}
