//! Deleting stored idempotency keys whose day is over.
//!
//! The table is walked a few pages at a time, each in a transaction of its own. Rows that are being inserted are in nobody's way: an
//! append waits for none of it.

use std::time::Duration;

use ledger::Instant;
use tokio::sync::watch;

use super::{KEYS_KEPT_MICROS, Status, View};
use crate::Database;
use crate::journal::{JournalError, timestamp};

/// The pause between two walks.
const WALK_EVERY: Duration = Duration::from_hours(1);
/// Pages of the table that are looked through at a time: some ten thousand rows.
const PAGES_AT_ONCE: i64 = 256;
/// The pause between two parts of a walk.
const PAUSE: Duration = Duration::from_millis(50);
/// How much longer keys are stored than remembered.
const SPARE_MICROS: i64 = 3_600_000_000;

/// Deletes old keys until nobody has the sequencer's handle any more, or another process leads.
pub(super) async fn keep(database: Database, view: View, mut status: watch::Receiver<Status>) {
    loop {
        // The log's time, which no mistake of the machine's clock has moved.
        let until = Instant::nearest_to(view.read().now().micros() - KEYS_KEPT_MICROS - SPARE_MICROS);
        match walk(&database, until).await {
            Ok(0) => {}
            Ok(deleted) => tracing::info!(deleted, "old idempotency keys are deleted"),
            Err(error) => tracing::warn!(%error, "old idempotency keys are not deleted; trying again later"),
        }
        tokio::select! {
            () = tokio::time::sleep(WALK_EVERY) => {}
            // It may not write any more, or nobody wants it to.
            _ = status.wait_for(|status| *status == Status::Fenced) => return,
        }
    }
}

/// Deletes the keys of requests decided before `until`; returns how many there were.
async fn walk(database: &Database, until: Instant) -> Result<u64, JournalError> {
    let client = database.connect().await?;
    // What a crash brings back is deleted by the next walk.
    client.batch_execute("SET synchronous_commit = off").await?;
    let pages = "SELECT pg_relation_size('idempotency_keys') / current_setting('block_size')::bigint";
    let pages: i64 = client.query_one(pages, &[]).await?.get(0);
    let delete =
        "DELETE FROM idempotency_keys WHERE ctid >= ($1::text)::tid AND ctid < ($2::text)::tid AND created_at < $3";
    let delete = client.prepare(delete).await?;
    let mut deleted = 0;
    let mut from = 0;
    while from < pages {
        let to = from + PAGES_AT_ONCE;
        deleted += client.execute(&delete, &[&format!("({from},0)"), &format!("({to},0)"), &timestamp(until)]).await?;
        from = to;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(deleted)
}
