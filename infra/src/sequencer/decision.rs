//! Decisions of the engine, and what waits for their commit.

use std::sync::{Arc, Mutex, PoisonError};

use ledger::{Instant, Invariant, Violation};
use matching::{Command, CommandId, DueStep, Log, Record, Refusal};
use tokio::sync::oneshot;

use super::Answer;
use crate::journal::{Batch, BatchMark, IdempotencyKey, LogRow};

/// Decision to make, with the id and the instant that it keeps if it has to be made again.
pub(super) enum Decision {
    /// Instruction of a caller.
    Asked {
        /// Instruction with its id and instant.
        command: Command,
        /// Key under which the caller may repeat it; `None` without one.
        key: Option<IdempotencyKey>,
        /// Sender of the caller's answer.
        reply: Reply,
    },
    /// Instruction of a caller that cannot be carried out.
    Refused {
        /// Instant at which it was asked.
        at: Instant,
        /// Key under which the caller may repeat it, to hear the same; `None` without one.
        key: Option<IdempotencyKey>,
        /// Sender of the caller's answer.
        reply: Reply,
        /// Refusal that the caller hears.
        refusal: Arc<Refusal>,
    },
    /// Step of unfinished work, or of what fell due.
    Due {
        /// Step to take.
        step: DueStep,
        /// Instant at which it fell due; `None` for unfinished work.
        due: Option<Instant>,
        /// Id of its command.
        id: CommandId,
    },
    /// Parking of what falls due next.
    Park {
        /// Step that would have carried it out.
        step: DueStep,
        /// Invariant that carrying it out would break.
        invariant: Invariant,
        /// Id of its command.
        id: CommandId,
    },
    /// Taking of the lead by this process.
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

/// Sender of one answer to a caller; the first one counts.
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

/// Caller whose command is carried out in several steps, and is answered with the last of them.
pub(super) struct Waiting {
    pub command: CommandId,
    /// Events of the command so far.
    pub rows: Vec<Arc<LogRow>>,
    pub reply: Reply,
}

/// Decision that met a violation.
pub(super) struct Offence {
    pub decision: Decision,
    pub violation: Violation,
}

/// Decision whose outcome is in the batch.
pub(super) struct Decided {
    pub decision: Decision,
    /// Caller and its answer once the batch is committed; `None` when nobody waits.
    pub answer: Option<(Reply, Answer)>,
    /// Caller whose command it was the last step of; `None` when it was not.
    pub finished: Option<Waiting>,
    /// End of its outcome in the batch.
    pub end: BatchMark,
}

impl Decided {
    /// Tells the caller what is now committed.
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

/// Batch with the decisions whose outcome it is.
#[derive(Default)]
pub(super) struct Gathered {
    pub batch: Batch,
    pub decided: Vec<Decided>,
    /// Number of events in it of steps of unfinished work.
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
