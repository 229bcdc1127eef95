//! Enqueuer: turns events into deliveries.
//!
//! It follows the read models, which say whom an event concerns, and moves its position in the transaction that writes
//! the deliveries.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio_postgres::Client;
use uuid::Uuid;

use super::urgency::urgency;
use super::{RETRY_PAUSE, WebhookError};
use crate::Database;

/// Number of events looked at in one transaction while any endpoint wants some.
const EVENTS_PER_STEP_MAX: i64 = 4_000;
/// Pause between steps, so that a busy exchange is not followed event by event.
const STEP_PAUSE: Duration = Duration::from_millis(20);

/// Follows until nobody has the webhooks' handle any more. Notifies `enqueued` of new deliveries.
pub(super) async fn follow(
    database: Database,
    mut projected: watch::Receiver<u64>,
    mut roused: watch::Receiver<()>,
    enqueued: Arc<Notify>,
) {
    loop {
        match follow_until_error(&database, &mut projected, &mut roused, &enqueued).await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, "webhooks do not follow the log; trying again"),
        }
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

async fn follow_until_error(
    database: &Database,
    projected: &mut watch::Receiver<u64>,
    roused: &mut watch::Receiver<()>,
    enqueued: &Notify,
) -> Result<(), WebhookError> {
    let mut client = database.connect().await?;
    loop {
        let projection = *projected.borrow_and_update();
        let step = step(&mut client).await?;
        if step.deliveries > 0 {
            enqueued.notify_one();
        }
        if step.position < projection && step.moved {
            continue;
        }
        tokio::select! {
            changed = projected.changed() => if changed.is_err() { return Ok(()) },
            changed = roused.changed() => if changed.is_err() { return Ok(()) },
        }
        tokio::time::sleep(STEP_PAUSE).await;
    }
}

/// Result of one step.
struct Step {
    position: u64,
    moved: bool,
    deliveries: usize,
}

/// Writes the deliveries of the next events.
async fn step(client: &mut Client) -> Result<Step, WebhookError> {
    // One statement and so one view of the read models, which may be emptied and computed again at any time.
    const DUE: &str = "SELECT span.upto, due.webhook, due.sequence, due.type \
         FROM (SELECT CASE WHEN EXISTS (SELECT FROM webhooks WHERE disabled_at IS NULL) \
                           THEN least(own_events_sequence, $1::bigint + $2::bigint) ELSE own_events_sequence END AS upto \
               FROM projection_position) span \
         LEFT JOIN LATERAL ( \
             SELECT w.id AS webhook, o.sequence, e.type \
             FROM webhooks w \
             JOIN organization_events o ON o.organization = w.organization \
                                       AND o.sequence > greatest($1::bigint, w.after_sequence) AND o.sequence <= span.upto \
             JOIN events e ON e.sequence = o.sequence \
             WHERE w.disabled_at IS NULL AND (w.event_types IS NULL OR e.type = ANY(w.event_types)) \
         ) due ON true";
    let transaction = client.transaction().await?;
    let position: i64 = transaction.query_one("SELECT sequence FROM webhook_position FOR UPDATE", &[]).await?.get(0);
    let rows = transaction.query(DUE, &[&position, &EVENTS_PER_STEP_MAX]).await?;
    let upto = rows.first().map_or(position, |row| row.get(0));
    let at = |position: i64| u64::try_from(position).unwrap_or(0);
    if upto <= position {
        return Ok(Step { position: at(position), moved: false, deliveries: 0 });
    }
    let due: Vec<(Uuid, i64, &str)> =
        rows.iter().filter_map(|row| Some((row.get::<_, Option<Uuid>>(1)?, row.get(2), row.get(3)))).collect();
    if due.is_empty() {
        // A position that is lost with nothing but itself is reached again.
        transaction.batch_execute("SET LOCAL synchronous_commit = off").await?;
    } else {
        // One that was replayed in the meantime is there already.
        let statement = "INSERT INTO webhook_deliveries (id, webhook, sequence, type, urgency) \
                         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::smallint[]) \
                         ON CONFLICT (webhook, sequence) DO NOTHING";
        let ids: Vec<Uuid> = due.iter().map(|_| Uuid::now_v7()).collect();
        let webhooks: Vec<Uuid> = due.iter().map(|(webhook, _, _)| *webhook).collect();
        let sequences: Vec<i64> = due.iter().map(|(_, sequence, _)| *sequence).collect();
        let types: Vec<&str> = due.iter().map(|(_, _, event_type)| *event_type).collect();
        let urgencies: Vec<i16> = types.iter().map(|event_type| urgency(event_type)).collect();
        transaction.execute(statement, &[&ids, &webhooks, &sequences, &types, &urgencies]).await?;
    }
    transaction.execute("UPDATE webhook_position SET sequence = $1", &[&upto]).await?;
    let deliveries = due.len();
    transaction.commit().await?;
    Ok(Step { position: at(upto), moved: true, deliveries })
}
