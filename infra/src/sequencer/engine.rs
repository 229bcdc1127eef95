//! The engine: decides submissions and what falls due, and gathers the outcome into batches.

use std::sync::Arc;
use std::time::Duration;

use ledger::Instant;
use matching::{Command, CommandId, Exchange, Instruction, Log, Record};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::keys::{Keys, Known};
use super::{Answer, BATCH_CALLERS_MAX, BATCH_ROWS_MAX, KEYS_KEPT_MICROS, Submission, View};
use crate::journal::{Batch, KeyOutcome, LogRow, StoredKey, load_keys};
use crate::telemetry::Metrics;
use crate::{Clock, Database};

/// The longest nap between looks at what falls due, against jumps of the machine's clock.
const NAP_MAX: Duration = Duration::from_secs(1);

/// A batch with the callers that wait for it.
#[derive(Default)]
pub(super) struct Gathered {
    pub batch: Batch,
    pub replies: Vec<(oneshot::Sender<Answer>, Answer)>,
}

impl Gathered {
    fn is_empty(&self) -> bool {
        self.batch.is_empty() && self.replies.is_empty()
    }

    fn is_full(&self) -> bool {
        self.batch.rows.len() >= BATCH_ROWS_MAX || self.replies.len() >= BATCH_CALLERS_MAX
    }

    /// Tells every waiting caller that the outcome is unknown.
    pub fn fail(self) {
        for (reply, _) in self.replies {
            let _ = reply.send(Answer::Unavailable);
        }
    }
}

impl Log for Gathered {
    fn append(&mut self, record: Record) {
        let sequence = record.sequence;
        let numbered = (0u32..).zip(record.entries()).map(|(ordinal, entry)| (sequence, ordinal, entry));
        self.batch.entries.extend(numbered);
        self.batch.rows.push(Arc::new(LogRow::encode(record)));
    }
}

/// A caller whose command is carried out in several steps: it is answered with the last of them.
struct Waiting {
    command: CommandId,
    /// The command's events so far.
    rows: Vec<Arc<LogRow>>,
    reply: oneshot::Sender<Answer>,
}

/// What the committer says of the batch it had.
pub(super) enum CommitOutcome {
    /// It is committed; the next can come.
    Committed,
    /// It failed. The view is at the log's true head again.
    Recovered,
    /// Nothing can be committed any more.
    Ended,
}

/// The engine's own state.
pub(super) struct Engine {
    exchange: Exchange,
    /// Whoever waits for the work that a command left unfinished.
    waiting: Option<Waiting>,
    view: View,
    keys: Keys,
    database: Database,
    clock: Clock,
    metrics: Metrics,
}

impl Engine {
    pub fn new(view: View, keys: Keys, database: Database, clock: Clock, metrics: Metrics) -> Self {
        let exchange = view.read().clone();
        Self { exchange, waiting: None, view, keys, database, clock, metrics }
    }

    /// Runs until the queue is closed or nothing can be committed any more.
    pub async fn run(
        mut self,
        mut submissions: mpsc::Receiver<Submission>,
        batches: mpsc::Sender<Gathered>,
        mut outcomes: mpsc::Receiver<CommitOutcome>,
    ) {
        let mut gathered = Gathered::default();
        self.take_lead(&mut gathered);
        let mut committing = false;
        let mut open = true;
        loop {
            if !committing && !gathered.is_empty() {
                if batches.send(std::mem::take(&mut gathered)).await.is_err() {
                    return;
                }
                committing = true;
            }
            if !open && !committing && gathered.is_empty() {
                return;
            }
            if !gathered.is_full() && self.advance(&mut gathered) {
                // One bounded step of what has fallen due; more may follow, and commits go on between.
                tokio::task::yield_now().await;
                if let Ok(outcome) = outcomes.try_recv() {
                    committing = false;
                    if !self.follow(outcome, &mut gathered).await {
                        return;
                    }
                }
                continue;
            }
            tokio::select! {
                biased;
                outcome = outcomes.recv() => {
                    committing = false;
                    let outcome = outcome.unwrap_or(CommitOutcome::Ended);
                    if !self.follow(outcome, &mut gathered).await {
                        return;
                    }
                }
                submission = submissions.recv(), if open && !gathered.is_full() => match submission {
                    Some(submission) => self.take(submission, &mut gathered),
                    None => open = false,
                },
                () = self.something_due(), if !gathered.is_full() => {}
            }
        }
    }

    /// Voids the auctions whose gate passed while nobody led, before anything else falls due.
    fn take_lead(&mut self, gathered: &mut Gathered) {
        let at = self.clock.now().max(self.exchange.now());
        let command = Command { id: CommandId::new(Uuid::now_v7()), at, instruction: Instruction::TakeLead };
        if let Err(refusal) = self.exchange.execute(&command, gathered) {
            tracing::error!(%refusal, "taking the lead was refused");
        }
    }

    /// Lets one step happen of what a command left unfinished, or of what has fallen due.
    fn advance(&mut self, gathered: &mut Gathered) -> bool {
        let now = self.clock.now();
        let is_due = self.exchange.unfinished().is_some() || self.exchange.next_due().is_some_and(|due| due <= now);
        let first_row = gathered.batch.rows.len();
        let advanced = is_due && self.exchange.advance(now, CommandId::new(Uuid::now_v7()), gathered);
        if let Some(mut waiting) = self.waiting.take() {
            let rows = gathered.batch.rows[first_row..].iter();
            waiting.rows.extend(rows.filter(|row| row.record.command == waiting.command).cloned());
            if self.exchange.unfinished() == Some(waiting.command) {
                self.waiting = Some(waiting);
            } else {
                gathered.replies.push((waiting.reply, Answer::Done(waiting.rows)));
            }
        }
        advanced
    }

    async fn something_due(&self) {
        let nap = self.exchange.next_due().map_or(NAP_MAX, |due| self.clock.until(due).min(NAP_MAX));
        tokio::select! {
            () = tokio::time::sleep(nap) => {}
            () = self.clock.moved() => {}
        }
    }

    /// Decides one submission.
    fn take(&mut self, submission: Submission, gathered: &mut Gathered) {
        let Submission { instruction, key, reply } = submission;
        if let Some(key) = &key {
            let answer = match self.keys.find(key) {
                Known::New => None,
                Known::Events { first, last } => Some(Answer::Repeated { first, last }),
                Known::Refused(refusal) => Some(Answer::Refused(refusal)),
                Known::Other => Some(Answer::KeyReused),
            };
            if let Some(answer) = answer {
                // Answered with the batch: what the key stands for may not be committed yet.
                gathered.replies.push((reply, answer));
                return;
            }
        }
        let at = self.clock.now().max(self.exchange.now());
        let command = Command { id: CommandId::new(Uuid::now_v7()), at, instruction };
        let first_row = gathered.batch.rows.len();
        let outcome = self.exchange.begin(&command, gathered);
        let rows = &gathered.batch.rows[first_row..];
        let (answer, key_outcome) = match outcome {
            Ok(()) => {
                let range = rows.first().zip(rows.last()).map(|(first, last)| KeyOutcome::Events {
                    first: first.record.sequence,
                    last: last.record.sequence,
                });
                (Answer::Done(rows.to_vec()), range)
            }
            Err(refusal) => {
                self.metrics.refused(refusal.code());
                let refusal = Arc::new(refusal);
                (Answer::Refused(Arc::clone(&refusal)), Some(KeyOutcome::Refused(refusal)))
            }
        };
        if let Some((key, outcome)) = key.zip(key_outcome) {
            let stored = StoredKey { key, created_at: at, outcome };
            self.keys.insert(&stored);
            gathered.batch.keys.push(stored);
        }
        match answer {
            Answer::Done(rows) if self.exchange.unfinished() == Some(command.id) => {
                self.waiting = Some(Waiting { command: command.id, rows, reply });
            }
            answer => gathered.replies.push((reply, answer)),
        }
    }

    /// Acts on what became of the last batch; false when the engine must end.
    async fn follow(&mut self, outcome: CommitOutcome, gathered: &mut Gathered) -> bool {
        match outcome {
            CommitOutcome::Committed => return true,
            CommitOutcome::Ended => {
                self.fail(gathered);
                return false;
            }
            CommitOutcome::Recovered => {}
        }
        // What was gathered since rests on a state that never was.
        self.fail(gathered);
        self.exchange = self.view.read().clone();
        let since = Instant::from_micros(self.clock.now().micros() - KEYS_KEPT_MICROS);
        loop {
            match load_keys(&self.database, since).await {
                Ok(keys) => {
                    self.keys = Keys::of(keys);
                    return true;
                }
                Err(error) => {
                    tracing::warn!(%error, "idempotency keys cannot be read; trying again");
                    tokio::time::sleep(NAP_MAX).await;
                }
            }
        }
    }

    /// Tells every caller since the last batch that the outcome is unknown.
    fn fail(&mut self, gathered: &mut Gathered) {
        std::mem::take(gathered).fail();
        if let Some(waiting) = self.waiting.take() {
            let _ = waiting.reply.send(Answer::Unavailable);
        }
    }
}
