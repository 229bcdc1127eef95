//! What the engine decides, and what waits for its commit.

use std::sync::{Arc, Mutex, PoisonError};

use ledger::{Instant, Invariant, Violation};
use matching::{Command, CommandId, DueStep, Log, Record, Refusal};
use tokio::sync::oneshot;

use super::Answer;
use crate::journal::{Batch, BatchMark, IdempotencyKey, LogRow};

/// Something to be decided, with the id and the instant that it keeps if it has to be decided again.
pub(super) enum Decision {
    /// What a caller asks.
    Asked {
        /// The instruction.
        command: Command,
        /// The key under which the caller may repeat it.
        key: Option<IdempotencyKey>,
        /// Where the caller waits.
        reply: Reply,
    },
    /// What a caller asked and what cannot be carried out.
    Refused {
        /// When it was asked.
        at: Instant,
        /// The key under which the caller may repeat it, to hear the same.
        key: Option<IdempotencyKey>,
        /// Where the caller waits.
        reply: Reply,
        /// What the caller hears.
        refusal: Arc<Refusal>,
    },
    /// A step of what a command left unfinished, or of what fell due.
    Due {
        /// The step.
        step: DueStep,
        /// When it fell due; none of unfinished work.
        due: Option<Instant>,
        /// The id of its command.
        id: CommandId,
    },
    /// What falls due next is set aside.
    Park {
        /// The step that would have carried it out.
        step: DueStep,
        /// What it would break.
        invariant: Invariant,
        /// The id of its command.
        id: CommandId,
    },
    /// This process leads from now on.
    Lead(Command),
}

impl Decision {
    /// Tells the caller, if there is one, that the outcome is unknown.
    pub fn fail(self) {
        if let Self::Asked { reply, .. } | Self::Refused { reply, .. } = self {
            reply.send(Answer::Unavailable);
        }
    }
}

/// Where a caller waits for one answer; the first counts.
#[derive(Clone)]
pub(super) struct Reply(Arc<Mutex<Option<oneshot::Sender<Answer>>>>);

impl Reply {
    pub fn new(sender: oneshot::Sender<Answer>) -> Self {
        Self(Arc::new(Mutex::new(Some(sender))))
    }

    pub fn send(&self, answer: Answer) {
        if let Some(sender) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // A caller that went away needs no answer.
            let _ = sender.send(answer);
        }
    }
}

/// A caller whose command is carried out in several steps, and is answered with the last of them.
pub(super) struct Waiting {
    pub command: CommandId,
    /// The command's events so far.
    pub rows: Vec<Arc<LogRow>>,
    pub reply: Reply,
}

/// A decision that met what must never be.
pub(super) struct Offence {
    pub decision: Decision,
    pub violation: Violation,
}

/// A decision whose outcome is in the batch.
pub(super) struct Decided {
    pub decision: Decision,
    /// Who hears what once it is committed.
    pub answer: Option<(Reply, Answer)>,
    /// The caller whose command it was the last step of.
    pub finished: Option<Waiting>,
    /// Where what it led to ends in the batch.
    pub end: BatchMark,
}

impl Decided {
    /// Tells the caller what is committed now.
    pub fn answer(self) {
        if let Some((reply, answer)) = self.answer {
            reply.send(answer);
        }
        if let Some(Waiting { rows, reply, .. }) = self.finished {
            reply.send(Answer::Done(rows));
        }
    }

    /// Tells the caller that the outcome is unknown.
    pub fn fail(self) {
        self.decision.fail();
        if let Some(Waiting { reply, .. }) = self.finished {
            reply.send(Answer::Unavailable);
        }
    }
}

/// A batch with the decisions that it is the outcome of.
#[derive(Default)]
pub(super) struct Gathered {
    pub batch: Batch,
    pub decided: Vec<Decided>,
    /// The events of steps of unfinished work in it.
    pub work_rows: usize,
    /// Whether anything else is in it.
    pub has_others: bool,
}

impl Gathered {
    pub fn is_empty(&self) -> bool {
        self.decided.is_empty()
    }

    /// Adds a decision whose outcome is in the batch already.
    pub fn push(&mut self, decision: Decision, answer: Option<(Reply, Answer)>, finished: Option<Waiting>) {
        self.decided.push(Decided { decision, answer, finished, end: self.batch.mark() });
    }

    /// Tells every waiting caller that the outcome is unknown.
    pub fn fail(self) {
        self.decided.into_iter().for_each(Decided::fail);
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
