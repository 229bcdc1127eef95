//! Deliveries: their history, and replays.

use jiff::Timestamp;
use ledger::OrganizationId;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::urgency::urgency;
use super::{WebhookError, Webhooks};

/// Largest number of events that are replayed by one request.
pub const REPLAYED_EVENTS_MAX: i64 = 1_000;

/// Statement that locks an endpoint before its deliveries are changed, as it is when an attempt is written down.
const LOCK: &str = "SELECT FROM webhooks WHERE id = $1 FOR NO KEY UPDATE";
const COLUMNS: &str = "d.id, d.sequence, d.type, d.state, d.next_attempt_at, d.created_at";

/// Event on its way to an endpoint.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Id of the delivery: the `webhook-id` of every attempt.
    pub id: Uuid,
    /// Sequence of the event.
    pub sequence: u64,
    /// Type of the event.
    pub event_type: String,
    /// State: `pending`, `delivered` or `failed`.
    pub state: String,
    /// Time of the next attempt; `None` when there will be none.
    pub next_attempt_at: Option<Timestamp>,
    /// Time at which it was enqueued.
    pub created_at: Timestamp,
    /// Attempts in order.
    pub attempts: Vec<Attempt>,
}

/// Attempt to deliver.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Time at which it ended.
    pub at: Timestamp,
    /// HTTP status that the endpoint answered; `None` when it did not answer.
    pub status: Option<u16>,
    /// Reason why it did not answer; `None` when it did.
    pub error: Option<String>,
    /// Duration in milliseconds.
    pub duration_ms: u32,
}

/// Result of a replay.
#[derive(Clone, Copy, Debug)]
pub struct Replayed {
    /// Number of events enqueued.
    pub events: usize,
    /// Sequence of the last one; `None` when there was none.
    pub last_sequence: Option<u64>,
    /// Whether there are more after it.
    pub more: bool,
}

impl Webhooks {
    /// Lists the deliveries of an endpoint for events after `after`, at most `limit` of them, in sequence.
    ///
    /// # Errors
    /// [`WebhookError::Unknown`] when the organization has no such endpoint.
    pub async fn deliveries(
        &self,
        organization: OrganizationId,
        webhook: Uuid,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Delivery>, WebhookError> {
        self.find(organization, webhook).await?;
        let client = self.database.get().await?;
        let statement = format!(
            "SELECT {COLUMNS} FROM webhook_deliveries d WHERE d.webhook = $1 AND d.sequence > $2 ORDER BY d.sequence LIMIT $3"
        );
        let rows = client.query(&statement, &[&webhook, &after, &limit]).await?;
        with_attempts(&client, &rows).await
    }

    /// Enqueues a delivery again, under the same id, whatever its state.
    ///
    /// # Errors
    /// [`WebhookError`] when the organization has no such delivery, or the endpoint is disabled.
    pub async fn replay(
        &self,
        organization: OrganizationId,
        webhook: Uuid,
        delivery: Uuid,
    ) -> Result<Delivery, WebhookError> {
        let endpoint = self.find(organization, webhook).await?;
        let mut client = self.database.get().await?;
        let transaction = client.transaction().await?;
        transaction.execute(LOCK, &[&webhook]).await?;
        let statement = format!(
            "UPDATE webhook_deliveries d SET state = 'pending', tries = 0, next_attempt_at = now() \
             FROM webhooks w \
             WHERE d.id = $1 AND d.webhook = $2 AND w.id = d.webhook AND w.disabled_at IS NULL RETURNING {COLUMNS}"
        );
        let rows = transaction.query(&statement, &[&delivery, &webhook]).await?;
        transaction.commit().await?;
        let replayed = with_attempts(&client, &rows).await?.pop();
        if replayed.is_some() {
            self.wake.send_replace(());
        }
        replayed.ok_or(if endpoint.disabled.is_some() {
            WebhookError::Disabled
        } else {
            WebhookError::Unknown("delivery of this webhook")
        })
    }

    /// Enqueues the events after `after` that an endpoint is for, again where they were before, at most
    /// [`REPLAYED_EVENTS_MAX`] of them. What happened before the endpoint was created is not for it.
    ///
    /// # Errors
    /// [`WebhookError`] when the organization has no such endpoint, or it is disabled.
    pub async fn replay_since(
        &self,
        organization: OrganizationId,
        webhook: Uuid,
        after: i64,
    ) -> Result<Replayed, WebhookError> {
        let endpoint = self.find(organization, webhook).await?;
        if endpoint.disabled.is_some() {
            return Err(WebhookError::Disabled);
        }
        let after = after.max(i64::try_from(endpoint.after_sequence).unwrap_or(i64::MAX));
        let mut client = self.database.get().await?;
        let transaction = client.transaction().await?;
        transaction.execute(LOCK, &[&webhook]).await?;
        let statement = "SELECT o.sequence, e.type FROM organization_events o JOIN events e ON e.sequence = o.sequence \
                         WHERE o.organization = $1 AND o.sequence > $2 AND ($3::text[] IS NULL OR e.type = ANY($3)) \
                         ORDER BY o.sequence LIMIT $4";
        let fetch = REPLAYED_EVENTS_MAX + 1;
        let mut rows =
            transaction.query(statement, &[&organization.as_str(), &after, &endpoint.event_types, &fetch]).await?;
        let more = rows.len() > usize::try_from(REPLAYED_EVENTS_MAX).unwrap_or(usize::MAX);
        if more {
            rows.pop();
        }
        let ids: Vec<Uuid> = rows.iter().map(|_| Uuid::now_v7()).collect();
        let sequences: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        let types: Vec<&str> = rows.iter().map(|row| row.get(1)).collect();
        let urgencies: Vec<i16> = types.iter().map(|event_type| urgency(event_type)).collect();
        let statement = "INSERT INTO webhook_deliveries (id, webhook, sequence, type, urgency) \
                         SELECT r.id, w.id, r.sequence, r.type, r.urgency \
                         FROM unnest($1::uuid[], $3::bigint[], $4::text[], $5::smallint[]) AS r (id, sequence, type, urgency) \
                         JOIN webhooks w ON w.id = $2 \
                         ON CONFLICT (webhook, sequence) \
                         DO UPDATE SET state = 'pending', tries = 0, next_attempt_at = now()";
        transaction.execute(statement, &[&ids, &webhook, &sequences, &types, &urgencies]).await?;
        transaction.commit().await?;
        self.wake.send_replace(());
        let last_sequence = sequences.last().and_then(|sequence| u64::try_from(*sequence).ok());
        Ok(Replayed { events: sequences.len(), last_sequence, more })
    }
}

/// Reads the deliveries of rows, with their attempts.
async fn with_attempts(client: &Client, rows: &[Row]) -> Result<Vec<Delivery>, WebhookError> {
    let mut deliveries: Vec<Delivery> = rows.iter().map(delivery_of_row).collect();
    let ids: Vec<Uuid> = deliveries.iter().map(|delivery| delivery.id).collect();
    let statement = "SELECT delivery, at, status, error, duration_ms FROM webhook_attempts \
                     WHERE delivery = ANY($1) ORDER BY at";
    for row in client.query(statement, &[&ids]).await? {
        let id: Uuid = row.get(0);
        let Some(delivery) = deliveries.iter_mut().find(|delivery| delivery.id == id) else { continue };
        delivery.attempts.push(Attempt {
            at: row.get(1),
            status: row.get::<_, Option<i16>>(2).and_then(|status| u16::try_from(status).ok()),
            error: row.get(3),
            duration_ms: u32::try_from(row.get::<_, i32>(4)).unwrap_or(0),
        });
    }
    Ok(deliveries)
}

fn delivery_of_row(row: &Row) -> Delivery {
    Delivery {
        id: row.get(0),
        sequence: u64::try_from(row.get::<_, i64>(1)).unwrap_or(0),
        event_type: row.get(2),
        state: row.get(3),
        next_attempt_at: row.get(4),
        created_at: row.get(5),
        attempts: Vec::new(),
    }
}
