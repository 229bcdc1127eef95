//! Sequencer: the one owner of the exchange's state.
//!
//! Callers submit instructions to a bounded queue. The engine decides them in the order of the queue, except those that
//! wait until work in their markets is done ([`Exchange::goes_ahead`]), and gathers the outcome into a batch. The
//! committer writes one batch at a time, and while it does the engine gathers the next (group commit). A caller hears
//! of success only after the commit, and the [`View`] shows committed state only.
//!
//! When a commit fails, or its outcome is unknown, every caller in flight is told so, the journal reads where the log
//! really ends, and the engine starts again from the committed state. A batch that the database refuses for what is in
//! it is taken apart instead: what comes before the offender is committed, the offender alone is refused, and the rest
//! is decided again.

mod committer;
mod decision;
mod engine;
mod key_retention;
mod keys;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use ledger::Instant;
use matching::{Exchange, Instruction, Refusal};
use tokio::sync::{mpsc, oneshot, watch};

use crate::journal::{IdempotencyKey, JournalError, LogReader, LogRow};
use crate::storage::Storage;
use crate::telemetry::Metrics;
use crate::{Clock, Hold};

/// Largest number of submissions in the queue; more are turned away.
const QUEUE_MAX: usize = 8_192;
/// Number of rows of the log in one transaction, about; a single step may exceed it. A commit's cost is that of its
/// rows from a few hundred on, so more would not be faster, and whoever is answered with the first of them would wait
/// for the last.
const BATCH_ROWS_MAX: usize = 1_024;
/// Number of callers answered by one transaction.
const BATCH_CALLERS_MAX: usize = 1_024;
/// Time for which idempotency keys are remembered, in microseconds: 24 hours.
const KEYS_KEPT_MICROS: i64 = 24 * 3_600_000_000;

/// Cloneable handle for reading the state as of the last commit.
#[derive(Clone)]
pub struct View(Arc<RwLock<Exchange>>);

impl View {
    /// Makes the state of an empty log. What is copied from it, to decide or to compute, has the same limits.
    fn within(limits: matching::Limits) -> Self {
        let mut exchange = Exchange::new();
        exchange.set_limits(limits);
        Self(Arc::new(RwLock::new(exchange)))
    }

    /// Locks the state as of the last commit for reading. Hold the guard for a look-up, no longer: commits wait for it,
    /// and readers that come after a waiting commit wait with it. Reads that compute use the
    /// [`Replica`](crate::replica::Replica).
    pub fn read(&self) -> RwLockReadGuard<'_, Exchange> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn apply<'a>(&self, rows: impl IntoIterator<Item = &'a Arc<LogRow>>) -> Result<(), JournalError> {
        let mut exchange = self.0.write().unwrap_or_else(PoisonError::into_inner);
        rows.into_iter().try_for_each(|row| row.follow(&mut exchange))
    }
}

/// Status of the sequencer: whether it takes orders.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Takes orders.
    Leading,
    /// Waits for the database; it will lead again when that is back.
    Recovering,
    /// Has lost the lead to another process, or cannot go on; it will not lead again.
    Fenced,
}

/// Cloneable handle for submitting instructions.
#[derive(Clone)]
pub struct Sequencer {
    queue: mpsc::Sender<Submission>,
    status: watch::Receiver<Status>,
    log: LogReader,
    clock: Clock,
    metrics: Metrics,
}

/// Sequencer that has just taken the lead, with its views.
pub struct Started {
    /// Handle for submitting instructions.
    pub sequencer: Sequencer,
    /// State as of the last commit.
    pub view: View,
    /// Reader of the committed log.
    pub log: LogReader,
    /// Epoch under which it leads.
    pub epoch: i64,
}

/// Reason why a submission has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The exchange refused it; nothing changed.
    #[error(transparent)]
    Refused(Arc<Refusal>),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for a request with other content")]
    KeyReused,
    /// The queue is full.
    #[error("the queue is full")]
    Busy,
    /// Time stands still until an operator confirms the machine's clock; nothing happened.
    #[error("time stands still: {0}")]
    ClockHeld(Hold),
    /// The commit failed or its outcome is unknown: asking again with the same key returns the true outcome.
    #[error("the outcome is unknown")]
    Unavailable,
    /// The outcome of an earlier request with the same key could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Result of an instruction that was carried out.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Events of the instruction, in order; empty when it changed nothing.
    pub rows: Vec<Arc<LogRow>>,
    /// Whether the events are those of an earlier request with the same key.
    pub repeated: bool,
    /// Head of the log when it was answered: a read that includes this sequence includes the result.
    pub sequence: u64,
}

/// Instruction on its way to the engine.
struct Submission {
    instruction: Instruction,
    key: Option<IdempotencyKey>,
    reply: oneshot::Sender<Answer>,
}

/// Instruction in the queue, or past it and not yet answered.
pub struct Pending {
    answer: oneshot::Receiver<Answer>,
    status: watch::Receiver<Status>,
    log: LogReader,
}

impl Pending {
    /// Waits until the outcome of the instruction is committed.
    ///
    /// # Errors
    /// [`SubmitError`] when it is refused, or its outcome cannot be told now.
    pub async fn receipt(self) -> Result<Receipt, SubmitError> {
        let Self { answer, mut status, log } = self;
        let answer = tokio::select! {
            biased;
            answer = answer => answer.unwrap_or(Answer::Unavailable),
            // The database went away: nobody should wait for it to come back.
            _ = status.wait_for(|status| *status != Status::Leading) => Answer::Unavailable,
        };
        let sequence = log.head();
        match answer {
            Answer::Done(rows) => Ok(Receipt { rows, repeated: false, sequence }),
            Answer::Repeated { first, last } => {
                Ok(Receipt { rows: log.of_command(first, last).await?, repeated: true, sequence })
            }
            Answer::Refused(refusal) => Err(SubmitError::Refused(refusal)),
            Answer::KeyReused => Err(SubmitError::KeyReused),
            Answer::Busy => Err(SubmitError::Busy),
            Answer::Unavailable => Err(SubmitError::Unavailable),
        }
    }
}

/// Answer of the sequencer to a submission.
enum Answer {
    Done(Vec<Arc<LogRow>>),
    Repeated {
        first: u64,
        last: u64,
    },
    Refused(Arc<Refusal>),
    KeyReused,
    /// Too many wait: it was not taken.
    Busy,
    Unavailable,
}

impl Sequencer {
    /// Takes the lead of the stored log, rebuilds the state from it, and starts.
    ///
    /// # Errors
    /// [`JournalError`] when the storage cannot be reached or its log cannot be read.
    pub async fn start(
        storage: Arc<dyn Storage>,
        clock: Clock,
        search: matching::Limits,
        metrics: Metrics,
    ) -> Result<Started, JournalError> {
        let lease = storage.take_lead().await?;
        let epoch = lease.epoch();
        let log = LogReader::new(storage.clone(), lease.head());
        let view = View::within(search);
        catch_up(&view, &log, lease.head()).await?;
        let (sequence, last) = {
            let state = view.read();
            (state.sequence(), state.now())
        };
        if sequence > 0 {
            clock.go_on_from(last);
        }
        let since = Instant::nearest_to(clock.now().micros() - KEYS_KEPT_MICROS);
        let keys = keys::Keys::of(storage.keys(since).await?);

        let (queue, submissions) = mpsc::channel(QUEUE_MAX);
        let (status_sender, status) = watch::channel(Status::Leading);
        let (batches, to_commit) = mpsc::channel(1);
        let (outcomes_sender, outcomes) = mpsc::channel(1);
        let committer = committer::Committer {
            lease,
            view: view.clone(),
            log: log.clone(),
            status: status_sender,
            metrics: metrics.clone(),
            under_way_since: None,
        };
        tokio::spawn(committer.run(to_commit, outcomes_sender));
        let engine = engine::Engine::new(view.clone(), keys, storage.clone(), clock.clone(), metrics.clone());
        spawn_on_own_thread(engine.run(submissions, batches, outcomes))?;
        tokio::spawn(key_retention::keep(storage, view.clone(), status.clone()));
        let sequencer = Self { queue, status, log: log.clone(), clock, metrics };
        Ok(Started { sequencer, view, log, epoch })
    }

    /// Submits an instruction and waits until its outcome is committed.
    ///
    /// # Errors
    /// [`SubmitError`] when it is refused, or its outcome cannot be told now.
    pub async fn submit(&self, instruction: Instruction, key: Option<IdempotencyKey>) -> Result<Receipt, SubmitError> {
        self.enqueue(instruction, key)?.receipt().await
    }

    /// Puts an instruction into the queue. Those that one caller enqueues are decided in the order in which it did.
    ///
    /// # Errors
    /// [`SubmitError::Busy`] when the queue is full, [`SubmitError::ClockHeld`] when there is no time to stamp it with, and
    /// [`SubmitError::Unavailable`] when nobody takes from the queue.
    pub fn enqueue(&self, instruction: Instruction, key: Option<IdempotencyKey>) -> Result<Pending, SubmitError> {
        let mut status = self.status.clone();
        if *status.borrow_and_update() != Status::Leading {
            return Err(SubmitError::Unavailable);
        }
        if let Some(hold) = self.clock.hold() {
            return Err(SubmitError::ClockHeld(hold));
        }
        let (reply, answer) = oneshot::channel();
        let submission = Submission { instruction, key, reply };
        if self.queue.try_send(submission).is_err() {
            self.metrics.queue_full.inc();
            return Err(SubmitError::Busy);
        }
        Ok(Pending { answer, status, log: self.log.clone() })
    }

    /// Returns whether it takes orders now.
    pub fn status(&self) -> Status {
        *self.status.borrow()
    }

    /// Waits until this process may not lead any more.
    pub async fn fenced(&self) {
        let mut status = self.status.clone();
        // An error means that the sequencer has ended, after which it does not lead either.
        let _ = status.wait_for(|status| *status == Status::Fenced).await;
    }
}

/// Applies the committed log to the view, up to `head`.
async fn catch_up(view: &View, log: &LogReader, head: u64) -> Result<(), JournalError> {
    let mut sequence = view.read().sequence();
    let mut told = std::time::Instant::now();
    while sequence < head {
        let rows = log.after(sequence, usize::MAX).await?;
        let Some(last) = rows.last().map(|row| row.record.sequence) else {
            return Err(JournalError::Damaged(format!("the log ends at {sequence}, its head says {head}")));
        };
        view.apply(&rows)?;
        sequence = last;
        if told.elapsed() > std::time::Duration::from_secs(1) {
            tracing::info!(sequence, head, "rebuilding the state from the log");
            told = std::time::Instant::now();
        }
    }
    Ok(())
}

/// Runs the engine on a thread of its own, where deciding does not keep the server's tasks waiting.
fn spawn_on_own_thread(engine: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
    let runtime = tokio::runtime::Handle::current();
    std::thread::Builder::new().name("sequencer".into()).spawn(move || runtime.block_on(engine))?;
    Ok(())
}
