//! Whether the client of a stream keeps up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use infra::telemetry::Metrics;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior};

use crate::connection::Connection;

/// Events of the log that a client may be behind what has happened since its stream began.
pub(super) const BEHIND_EVENTS_MAX: u64 = 10_000;
/// How long a client may take nothing while there is something to take.
const BEHIND_MAX: Duration = Duration::from_secs(30);
/// How often a silent log is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How far a client has read.
#[derive(Debug, Default)]
pub(super) struct Pace(AtomicU64);

impl Pace {
    /// Notes that the client took everything up to this event.
    pub(super) fn reached(&self, sequence: u64) {
        self.0.store(sequence, Ordering::Release);
    }

    /// Closes the connection once its client has fallen behind. Ends with the stream, which holds the other end of `over`.
    pub(super) async fn watch(
        self: Arc<Self>,
        connection: Arc<Connection>,
        mut heads: watch::Receiver<u64>,
        mut over: oneshot::Receiver<()>,
        metrics: Metrics,
    ) {
        let opened = *heads.borrow();
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut seen, mut since) = (0, Instant::now());
        loop {
            tokio::select! {
                _ = &mut over => return,
                changed = heads.changed() => if changed.is_err() { return },
                _ = looks.tick() => {}
            }
            let (head, reached) = (*heads.borrow_and_update(), self.0.load(Ordering::Acquire));
            if reached != seen || reached >= head {
                (seen, since) = (reached, Instant::now());
            }
            // What a resumed stream has to catch up with does not count as falling behind.
            if is_behind(head, reached.max(opened)) || since.elapsed() > BEHIND_MAX {
                tracing::info!(head, reached, "a stream's client fell behind and was dropped");
                metrics.streams_dropped.inc();
                connection.close();
                return;
            }
        }
    }
}

fn is_behind(head: u64, reached: u64) -> bool {
    head.saturating_sub(reached) > BEHIND_EVENTS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_behind_beyond_the_bound() {
        assert!(!is_behind(BEHIND_EVENTS_MAX + 5, 5));
        assert!(is_behind(BEHIND_EVENTS_MAX + 6, 5));
        assert!(!is_behind(5, 9));
    }
}
