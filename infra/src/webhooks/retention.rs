//! Retention: deletes deliveries and secrets whose time is over.

use std::time::Duration;

use tokio::sync::watch;

use super::WebhookError;
use crate::Database;

/// Pause between looks.
const LOOK_EVERY: Duration = Duration::from_hours(1);
/// Number of deliveries deleted in one transaction.
const DELETED_MAX: i64 = 10_000;

/// Keeps deliveries for 30 days and secrets as long as they are valid, until nobody has the webhooks' handle any more.
pub(super) async fn keep(database: Database, mut roused: watch::Receiver<()>) {
    loop {
        if let Err(error) = forget(&database).await {
            tracing::warn!(%error, "old deliveries of webhooks are not deleted; trying again later");
        }
        let next = tokio::time::sleep(LOOK_EVERY);
        tokio::pin!(next);
        loop {
            tokio::select! {
                () = &mut next => break,
                changed = roused.changed() => if changed.is_err() { return },
            }
        }
    }
}

/// Deletes what is too old.
async fn forget(database: &Database) -> Result<(), WebhookError> {
    let client = database.get().await?;
    client.execute("DELETE FROM webhook_secrets WHERE valid_until < now()", &[]).await?;
    // Whatever their state: the retries of one that was replayed on its last day are over before the next week is.
    let statement = "DELETE FROM webhook_deliveries WHERE id IN \
                     (SELECT id FROM webhook_deliveries WHERE created_at < now() - interval '30 days' LIMIT $1)";
    while client.execute(statement, &[&DELETED_MAX]).await? >= DELETED_MAX.unsigned_abs() {}
    Ok(())
}
