//! Replica: a second committed state, for reads that compute.
//!
//! Commits and most answers wait for the [`View`], so nobody may hold it for long. The replica follows the log by
//! itself: a reader that holds it delays only other readers of the replica. It is a little behind the view, and takes
//! as much memory.

use std::sync::Arc;
use std::time::Duration;

use matching::Exchange;
use tokio::sync::{RwLock, RwLockReadGuard, watch};
use tokio::time::timeout;

use crate::journal::LogReader;
use crate::sequencer::View;

/// Number of events applied at a time: readers wait for them.
const PAGE: usize = 500;
/// Pause before a log that could not be read is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// Cloneable handle for reading the replica.
#[derive(Clone)]
pub struct Replica {
    exchange: Arc<RwLock<Exchange>>,
    position: watch::Receiver<u64>,
}

impl Replica {
    /// Copies the view and follows the log from there.
    pub fn start(view: &View, log: LogReader) -> Self {
        let exchange = view.read().clone();
        let (reached, position) = watch::channel(exchange.sequence());
        let exchange = Arc::new(RwLock::new(exchange));
        tokio::spawn(follow(exchange.clone(), log, reached));
        Self { exchange, position }
    }

    /// Waits until it includes the event `sequence`. Returns whether it does within `patience`.
    pub async fn reached(&self, sequence: u64, patience: Duration) -> bool {
        let mut position = self.position.clone();
        matches!(timeout(patience, position.wait_for(|position| *position >= sequence)).await, Ok(Ok(_)))
    }

    /// Locks the state for reading. Blocks the thread until it is the caller's turn.
    ///
    /// # Panics
    /// When called on a thread that runs asynchronous tasks.
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, Exchange> {
        self.exchange.blocking_read()
    }
}

async fn follow(exchange: Arc<RwLock<Exchange>>, log: LogReader, reached: watch::Sender<u64>) {
    let mut heads = log.subscribe();
    let mut position = *reached.borrow();
    loop {
        heads.borrow_and_update();
        let rows = match log.after(position, PAGE).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::warn!(%error, "the log cannot be read for reads that compute; trying again");
                tokio::select! {
                    () = tokio::time::sleep(RETRY_PAUSE) => {}
                    () = reached.closed() => return,
                }
                continue;
            }
        };
        let Some(last) = rows.last().map(|row| row.record.sequence) else {
            // It ends when nobody can write to the log, or read the replica, any more.
            tokio::select! {
                changed = heads.changed() => if changed.is_err() { return },
                () = reached.closed() => return,
            }
            continue;
        };
        // Readers and this take turns in the order in which they come: neither starves the other.
        let mut exchange = exchange.write().await;
        let followed = rows.iter().try_for_each(|row| row.follow(&mut exchange));
        drop(exchange);
        if let Err(error) = followed {
            // The view cannot follow such a log either. Who computes is told that the state is not that far.
            tracing::error!(%error, "reads that compute cannot follow the log any further");
            return;
        }
        position = last;
        reached.send_replace(position);
    }
}
