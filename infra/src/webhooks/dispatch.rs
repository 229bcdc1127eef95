//! Dispatcher: sends what is due, and writes down the outcomes.
//!
//! An endpoint has one request at a time: its most urgent delivery that is due. So an endpoint's deliveries start in
//! order, and however slow it is, only its own wait for it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_postgres::{Row, Transaction};
use uuid::Uuid;

use super::attempt::{DueDelivery, Outcome, http_client, send};
use super::{RETRY_PAUSE, RetrySchedule, WebhookError, WebhookSecret, WebhookSettings};
use crate::Database;
use crate::database::NamedColumns as _;
use crate::journal::JournalError;
use crate::read_models::{OWN_EVENT_COLUMNS, read_own_event};
use crate::telemetry::Metrics;

/// Largest number of requests at a time, over all endpoints.
const REQUESTS_MAX: usize = 512;
/// Largest number of outcomes that are written at a time, so that connections are left for those who call the API.
const WRITERS_MAX: usize = 4;
/// Pause between looks for deliveries whose time to be tried again has come.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Sender of deliveries.
pub(super) struct Dispatcher {
    database: Database,
    client: Client,
    settings: WebhookSettings,
    metrics: Metrics,
    writers: Semaphore,
}

impl Dispatcher {
    /// Makes a dispatcher that has not begun yet.
    pub fn new(database: Database, settings: WebhookSettings, metrics: Metrics) -> Result<Self, WebhookError> {
        let writers = Semaphore::new(WRITERS_MAX);
        Ok(Self { database, client: http_client(&settings)?, settings, metrics, writers })
    }

    /// Sends until nobody has the webhooks' handle any more. Requests that are on their way then are given up, and made
    /// again by the next process.
    pub async fn run(self, mut roused: watch::Receiver<()>, enqueued: Arc<Notify>) {
        let dispatcher = Arc::new(self);
        let mut requests = JoinSet::new();
        let mut busy = BTreeSet::new();
        loop {
            while let Some(done) = requests.try_join_next() {
                finished(&mut busy, done);
            }
            match dispatcher.due(&busy).await {
                Ok(due) => {
                    for delivery in due {
                        busy.insert(delivery.webhook);
                        requests.spawn(attempt(dispatcher.clone(), delivery));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the deliveries that are due cannot be read; trying again");
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
            }
            tokio::select! {
                changed = roused.changed() => if changed.is_err() { return },
                () = enqueued.notified() => {}
                Some(done) = requests.join_next() => finished(&mut busy, done),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Reads the first due delivery of each endpoint that is not busy.
    async fn due(&self, busy: &BTreeSet<Uuid>) -> Result<Vec<DueDelivery>, WebhookError> {
        let free = REQUESTS_MAX.saturating_sub(busy.len());
        if free == 0 {
            return Ok(Vec::new());
        }
        // While the read models are computed again, what they do not have yet waits.
        let statement = format!(
            "SELECT {OWN_EVENT_COLUMNS}, d.id AS delivery, w.id AS webhook, w.organization, w.url, d.tries, \
                    array(SELECT secret FROM webhook_secrets s \
                          WHERE s.webhook = w.id AND coalesce(s.valid_until > now(), true) ORDER BY s.created_at DESC) AS secrets, \
                    d.next_attempt_at \
             FROM webhooks w \
             CROSS JOIN LATERAL ( \
                 SELECT id, sequence, urgency, tries, next_attempt_at FROM webhook_deliveries \
                 WHERE webhook = w.id AND state = 'pending' AND next_attempt_at <= now() \
                 ORDER BY urgency, sequence LIMIT 1) d \
             JOIN organization_events o ON o.organization = w.organization AND o.sequence = d.sequence \
             JOIN events e ON e.sequence = d.sequence \
             WHERE w.disabled_at IS NULL AND w.id <> ALL($1) \
             ORDER BY d.urgency, d.next_attempt_at LIMIT $2"
        );
        let busy: Vec<Uuid> = busy.iter().copied().collect();
        let client = self.database.get().await?;
        let rows = client.query(&statement, &[&busy, &i64::try_from(free).unwrap_or(0)]).await?;
        Ok(rows.iter().map(due_of_row).collect::<Result<_, _>>()?)
    }

    /// Writes down the outcome of an attempt: in the history of the delivery, and what follows from it.
    async fn record(&self, due: &DueDelivery, outcome: &Outcome) -> Result<(), WebhookError> {
        let _turn = self.writers.acquire().await;
        let mut client = self.database.get().await?;
        let transaction = client.transaction().await?;
        // The endpoint first, then its deliveries, as all do who change both: or they would wait for each other.
        let lock = "SELECT FROM webhooks WHERE id = $1 FOR NO KEY UPDATE";
        if transaction.query_opt(lock, &[&due.webhook]).await?.is_none() {
            return Ok(()); // it was deleted in the meantime, and its log with it
        }
        let statement = "INSERT INTO webhook_attempts (delivery, at, status, error, duration_ms) \
                         SELECT id, clock_timestamp(), $2, $3, $4 FROM webhook_deliveries WHERE id = $1";
        let status = outcome.answer.as_ref().ok().map(|status| i16::try_from(*status).unwrap_or(i16::MAX));
        let error = outcome.answer.as_ref().err();
        let took = i32::try_from(outcome.took.as_millis()).unwrap_or(i32::MAX);
        transaction.execute(statement, &[&due.id, &status, &error, &took]).await?;
        if outcome.is_success() {
            record_success(&transaction, due).await?;
        } else {
            record_failure(&transaction, due, outcome, &self.settings.retries).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// Makes an attempt and returns the endpoint that it was for.
async fn attempt(dispatcher: Arc<Dispatcher>, due: DueDelivery) -> Uuid {
    let outcome = send(&dispatcher.client, dispatcher.settings.targets, &due).await;
    dispatcher.metrics.webhook_attempted(outcome.is_success());
    while let Err(error) = dispatcher.record(&due, &outcome).await {
        // Until it is written down the endpoint stays busy: it would get the same again and again.
        tracing::warn!(%error, webhook = %due.webhook, "the outcome of a delivery cannot be written; trying again");
        tokio::time::sleep(RETRY_PAUSE).await;
    }
    due.webhook
}

fn finished(busy: &mut BTreeSet<Uuid>, done: Result<Uuid, tokio::task::JoinError>) {
    match done {
        Ok(webhook) => {
            busy.remove(&webhook);
        }
        // Whose request it was is not known, so nobody's is: at worst an endpoint has two at a time, once.
        Err(error) => {
            tracing::error!(%error, "a delivery ended in an unexpected way");
            busy.clear();
        }
    }
}

fn due_of_row(row: &Row) -> Result<DueDelivery, JournalError> {
    let organization = row.read("organization")?;
    Ok(DueDelivery {
        event: read_own_event(row, organization)?,
        id: row.read("delivery")?,
        webhook: row.read("webhook")?,
        organization,
        url: row.read("url")?,
        tries: row.read("tries")?,
        due_at: row.read("next_attempt_at")?,
        secrets: row.try_get::<_, Vec<Vec<u8>>>("secrets")?.into_iter().map(WebhookSecret::of).collect(),
    })
}

/// Marks a delivery as made, unless it was replayed while it was on its way: then it is due again.
async fn record_success(transaction: &Transaction<'_>, due: &DueDelivery) -> Result<(), WebhookError> {
    let delivered = "UPDATE webhook_deliveries SET state = 'delivered', next_attempt_at = NULL, tries = tries + 1 \
                     WHERE id = $1 AND next_attempt_at = $2";
    transaction.execute(delivered, &[&due.id, &due.due_at]).await?;
    let works = "UPDATE webhooks SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL";
    transaction.execute(works, &[&due.webhook]).await?;
    Ok(())
}

async fn record_failure(
    transaction: &Transaction<'_>,
    due: &DueDelivery,
    outcome: &Outcome,
    retries: &RetrySchedule,
) -> Result<(), WebhookError> {
    let pause = retries.pause_after(due.tries + 1).map(|pause| i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
    let failed = "UPDATE webhook_deliveries \
                  SET tries = tries + 1, state = CASE WHEN $2::bigint IS NULL THEN 'failed' ELSE 'pending' END, \
                      next_attempt_at = now() + $2::bigint * interval '1 millisecond' \
                  WHERE id = $1 AND next_attempt_at = $3";
    transaction.execute(failed, &[&due.id, &pause, &due.due_at]).await?;
    let failing = "UPDATE webhooks SET failing_since = coalesce(failing_since, now()) WHERE id = $1 AND disabled_at IS NULL \
                   RETURNING failing_since <= now() - interval '5 days'";
    let row = transaction.query_opt(failing, &[&due.webhook]).await?;
    let fails_for_days = row.is_some_and(|row| row.get(0));
    let reason = match (outcome.is_gone(), fails_for_days) {
        (true, _) => "gone",
        (false, true) => "failing",
        (false, false) => return Ok(()),
    };
    let disable = "UPDATE webhooks SET disabled_at = now(), disabled_reason = $2 WHERE id = $1 AND disabled_at IS NULL";
    transaction.execute(disable, &[&due.webhook, &reason]).await?;
    let give_up = "UPDATE webhook_deliveries SET state = 'failed', next_attempt_at = NULL WHERE webhook = $1 AND state = 'pending'";
    transaction.execute(give_up, &[&due.webhook]).await?;
    tracing::info!(webhook = %due.webhook, organization = %due.organization, reason, "a webhook is disabled");
    Ok(())
}
