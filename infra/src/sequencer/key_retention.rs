//! Retention of idempotency keys: deletes stored keys whose day is over.

use std::sync::Arc;
use std::time::Duration;

use ledger::Instant;
use tokio::sync::watch;

use super::{KEYS_KEPT_MICROS, Status, View};
use crate::storage::Storage;

/// Pause between two walks.
const WALK_EVERY: Duration = Duration::from_hours(1);
/// Time for which keys are stored longer than remembered, in microseconds.
const SPARE_MICROS: i64 = 3_600_000_000;

/// Deletes old keys until nobody has the sequencer's handle any more, or another process leads.
pub(super) async fn keep(storage: Arc<dyn Storage>, view: View, mut status: watch::Receiver<Status>) {
    loop {
        // The log's time, which no mistake of the machine's clock has moved.
        let until = Instant::nearest_to(view.read().now().micros() - KEYS_KEPT_MICROS - SPARE_MICROS);
        match storage.forget_keys(until).await {
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
