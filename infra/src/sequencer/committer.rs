//! Committer: writes one batch at a time and answers the callers.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ledger::{Invariant, Violation};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::decision::{Decided, Gathered};
use super::engine::{CommitOutcome, RefusedBatch};
use super::{Status, View, catch_up};
use crate::journal::{BatchMark, BatchPart, JournalError, LogReader};
use crate::storage::Lease;
use crate::telemetry::Metrics;

/// Pause between attempts to reach a database that is away.
const RECOVERY_PAUSE: Duration = Duration::from_millis(250);
/// Pause between looks at a commit that is under way.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Time after which a commit is no longer waited for: callers are told that its outcome is unknown. It may still
/// succeed.
const STALLED_AFTER: Duration = Duration::from_secs(4);
/// Time that a commit, or an attempt to recover from one, may take before its connection is given up.
const COMMIT_DEADLINE: Duration = Duration::from_secs(30);

/// Owner of the lead, which commits batches.
pub(super) struct Committer {
    pub lease: Box<dyn Lease>,
    pub view: View,
    pub log: LogReader,
    pub status: watch::Sender<Status>,
    pub metrics: Metrics,
    /// Start of a commit that is under way, or has failed without the log's head being known again; `None` otherwise.
    pub under_way_since: Option<Instant>,
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
        match self.append(gathered.batch.whole()).await {
            Ok(()) => {
                gathered.decided.into_iter().for_each(Decided::answer);
                CommitOutcome::Committed
            }
            Err(error) => match error.refusal_of_content().map(str::to_owned) {
                Some(reason) => self.isolate(gathered, reason).await,
                None => self.fail(gathered, error).await,
            },
        }
    }

    /// Commits a part of a batch, and shows what is in it.
    async fn append(&mut self, part: BatchPart<'_>) -> Result<(), JournalError> {
        if part.is_empty() {
            return Ok(());
        }
        let started = Instant::now();
        self.append_watched(part).await?;
        self.view.apply(part.rows)?;
        self.log.publish(part.rows);
        self.metrics.committed(&part, started.elapsed());
        Ok(())
    }

    /// Commits a batch that the database refused for its content as far as possible: the decisions before the one that
    /// is refused. They do not depend on what comes after them, so that the prefix is committed as it was decided.
    async fn isolate(&mut self, gathered: Gathered, mut reason: String) -> CommitOutcome {
        let Gathered { batch, decided, work_rows, has_others } = gathered;
        let mut decided = VecDeque::from(decided);
        let mut from = BatchMark::default();
        // The first so many are refused together, and the database said why.
        let mut refused = decided.len();
        while refused > 1 {
            let half = refused / 2;
            let to = decided[half - 1].end;
            match self.append(batch.part(from, to)).await {
                Ok(()) => {
                    decided.drain(..half).for_each(Decided::answer);
                    from = to;
                    refused -= half;
                }
                Err(error) => {
                    let Some(why) = error.refusal_of_content() else {
                        let decided = decided.into();
                        return self.fail(Gathered { batch, decided, work_rows, has_others }, error).await;
                    };
                    why.clone_into(&mut reason);
                    refused = half;
                }
            }
        }
        let keys = batch.part(from, batch.mark()).keys.iter().map(|stored| stored.key).collect();
        let Some(offender) = decided.pop_front() else { return CommitOutcome::Committed };
        let violation = Violation { invariant: Invariant::DatabaseAccepts, detail: reason };
        CommitOutcome::Refused(Box::new(RefusedBatch { offender, violation, rest: decided.into(), keys }))
    }

    /// Tells the callers that the outcome is unknown, and finds it out.
    async fn fail(&mut self, gathered: Gathered, error: JournalError) -> CommitOutcome {
        tracing::error!(%error, rows = gathered.batch.rows.len(), "a batch was not committed, or may not be");
        // Callers must not wait for the database to come back.
        gathered.fail();
        self.recover(error).await
    }

    /// Commits a part of a batch. The database's own timeouts do not see that it is stopped, so the age of the commit
    /// is watched here.
    async fn append_watched(&mut self, part: BatchPart<'_>) -> Result<(), JournalError> {
        let started = Instant::now();
        self.under_way_since = Some(started);
        let mut stalled = false;
        let append = watched(timeout(COMMIT_DEADLINE, self.lease.append(part)), || {
            if report_age(&self.metrics, started) >= STALLED_AFTER && !stalled {
                stalled = true;
                tracing::error!(rows = part.rows.len(), "PostgreSQL does not finish a commit: callers are told");
                self.status.send_replace(Status::Recovering);
            }
        });
        let outcome = append.await.unwrap_or(Err(JournalError::Overdue));
        if outcome.as_ref().err().is_none_or(|error| error.refusal_of_content().is_some()) {
            self.is_settled();
        }
        if stalled && outcome.is_ok() {
            tracing::info!("the commit has succeeded after all");
            self.status.send_replace(Status::Leading);
        }
        outcome
    }

    /// Notes that no commit is under way whose outcome is not known.
    fn is_settled(&mut self) {
        self.under_way_since = None;
        self.metrics.commit_under_way_seconds.set(0.0);
    }

    /// Waits for the database, and brings the view to the log's true head.
    async fn recover(&mut self, mut error: JournalError) -> CommitOutcome {
        self.status.send_replace(Status::Recovering);
        loop {
            if error.ends_leadership() {
                tracing::error!(%error, "this process stops taking orders");
                self.status.send_replace(Status::Fenced);
                return CommitOutcome::Ended;
            }
            let since = *self.under_way_since.get_or_insert_with(Instant::now);
            let metrics = self.metrics.clone();
            let recovery = watched(timeout(COMMIT_DEADLINE, self.recover_once()), || {
                report_age(&metrics, since);
            });
            match recovery.await.unwrap_or(Err(JournalError::Overdue)) {
                Ok(()) => {
                    tracing::info!(head = self.lease.head(), "the database is back");
                    self.is_settled();
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
        self.lease.recover().await?;
        let head = self.lease.head();
        self.log.announce(head);
        catch_up(&self.view, &self.log, head).await
    }
}

/// Waits for a future, and calls `look` every now and then while it does.
async fn watched<T>(waited_for: impl Future<Output = T>, mut look: impl FnMut()) -> T {
    let mut waited_for = std::pin::pin!(waited_for);
    loop {
        if let Ok(outcome) = timeout(LOOK_EVERY, &mut waited_for).await {
            return outcome;
        }
        look();
    }
}

/// Reports for how long a commit is under way, or its outcome unknown.
fn report_age(metrics: &Metrics, since: Instant) -> Duration {
    let age = since.elapsed();
    metrics.commit_under_way_seconds.set(age.as_secs_f64());
    age
}
