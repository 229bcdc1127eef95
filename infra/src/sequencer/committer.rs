//! The committer: writes one batch at a time and tells the callers.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::engine::{CommitOutcome, Gathered};
use super::{Status, View, catch_up};
use crate::journal::{Journal, JournalError, LogReader};
use crate::telemetry::Metrics;

/// The pause between attempts to reach a database that is away.
const RECOVERY_PAUSE: Duration = Duration::from_millis(250);

/// Owns the journal.
pub(super) struct Committer {
    pub journal: Journal,
    pub view: View,
    pub log: LogReader,
    pub status: watch::Sender<Status>,
    pub metrics: Metrics,
}

impl Committer {
    /// Commits what the engine gathers until there is no more.
    pub async fn run(mut self, mut batches: mpsc::Receiver<Gathered>, outcomes: mpsc::Sender<CommitOutcome>) {
        while let Some(gathered) = batches.recv().await {
            let outcome = self.commit(gathered).await;
            if outcomes.send(outcome).await.is_err() {
                return;
            }
        }
    }

    async fn commit(&mut self, gathered: Gathered) -> CommitOutcome {
        if !gathered.batch.is_empty() {
            let started = std::time::Instant::now();
            if let Err(error) = self.journal.append(&gathered.batch).await {
                tracing::error!(%error, rows = gathered.batch.rows.len(), "a batch was not committed, or may not be");
                // Callers must not wait for the database to come back.
                gathered.fail();
                return self.recover(error).await;
            }
            self.view.apply(&gathered.batch.rows);
            self.log.publish(&gathered.batch.rows);
            self.metrics.committed(&gathered.batch, started.elapsed());
        }
        for (reply, answer) in gathered.replies {
            // A caller that went away needs no answer.
            let _ = reply.send(answer);
        }
        CommitOutcome::Committed
    }

    /// Waits for the database, and brings the view to the log's true head.
    async fn recover(&mut self, mut error: JournalError) -> CommitOutcome {
        self.status.send_replace(Status::Recovering);
        loop {
            if matches!(error, JournalError::Fenced) {
                tracing::error!("another process leads now: this one stops taking orders");
                self.status.send_replace(Status::Fenced);
                return CommitOutcome::Ended;
            }
            match self.recover_once().await {
                Ok(()) => {
                    tracing::info!(head = self.journal.head(), "the database is back");
                    self.status.send_replace(Status::Leading);
                    return CommitOutcome::Recovered;
                }
                Err(again) => error = again,
            }
            tracing::warn!(%error, "the database is away; trying again");
            tokio::time::sleep(RECOVERY_PAUSE).await;
        }
    }

    async fn recover_once(&mut self) -> Result<(), JournalError> {
        self.journal.recover().await?;
        let head = self.journal.head();
        self.log.announce(head);
        catch_up(&self.view, &self.log, head).await
    }
}
