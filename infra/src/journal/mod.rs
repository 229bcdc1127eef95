//! Journal: the log and the books in PostgreSQL, and the only way to append to them.
//!
//! It promises that a batch of events, its entries and its idempotency keys are committed together or not at all, that
//! nothing is written under an epoch that has been taken over, and that an unknown outcome can be resolved by reading
//! the head. It does not know what the events mean.

mod append;
mod copy;
mod postgres;
mod read;
mod statements;

use std::sync::{Arc, LazyLock};

use ledger::{Entry, Instant, Map, OrganizationId, Violation};
use matching::{DecodeError, Exchange, Record, Refusal};
use tokio_postgres::error::SqlState;

use crate::ConnectError;

use append::Journal;
pub use copy::timestamp;
pub use read::LogReader;
pub(crate) use read::{log_head, stored};

/// Number of the operator's book in table `books`.
pub(crate) const OPERATOR_BOOK: i32 = 1;

/// Event as it stands in the log: the record and its stored bytes, which are also the published ones.
#[derive(Debug)]
pub struct LogRow {
    /// Event with its place in the log.
    pub record: Record,
    /// Content of the event as JSON.
    pub content: Vec<u8>,
}

impl LogRow {
    /// Folds the event into a state that stands right before it.
    ///
    /// # Errors
    /// [`JournalError::Violated`] when it breaks an invariant; the state must not be used then.
    pub fn follow(&self, exchange: &mut Exchange) -> Result<(), JournalError> {
        let sequence = self.record.sequence;
        exchange.apply(&self.record).map_err(|violation| JournalError::Violated { sequence, violation })
    }

    /// Makes the row of a new record.
    pub fn encode(record: Record) -> Self {
        let mut content = Vec::with_capacity(512);
        record.event.encode(&mut content);
        Self { record, content }
    }
}

/// Events, entries and keys that are committed in one transaction.
#[derive(Debug, Default)]
pub struct Batch {
    /// Events in order, continuing the log.
    pub rows: Vec<Arc<LogRow>>,
    /// Entries: the event's sequence, the entry's place among the event's entries, the entry.
    pub entries: Vec<(u64, u32, Entry)>,
    /// Keys under which callers may repeat their requests.
    pub keys: Vec<StoredKey>,
}

/// Place in a batch: how much of it comes before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BatchMark {
    /// Number of events before it.
    pub rows: usize,
    /// Number of entries before it.
    pub entries: usize,
    /// Number of keys before it.
    pub keys: usize,
}

impl Batch {
    /// Returns whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.keys.is_empty()
    }

    /// Returns all of the batch as one part.
    pub fn whole(&self) -> BatchPart<'_> {
        self.part(BatchMark::default(), self.mark())
    }

    /// Returns the batch's end so far.
    pub fn mark(&self) -> BatchMark {
        BatchMark { rows: self.rows.len(), entries: self.entries.len(), keys: self.keys.len() }
    }

    /// Returns what lies between two places.
    pub fn part(&self, from: BatchMark, to: BatchMark) -> BatchPart<'_> {
        BatchPart {
            rows: &self.rows[from.rows..to.rows],
            entries: &self.entries[from.entries..to.entries],
            keys: &self.keys[from.keys..to.keys],
        }
    }

    /// Drops what lies behind a place.
    pub fn truncate(&mut self, to: BatchMark) {
        self.rows.truncate(to.rows);
        self.entries.truncate(to.entries);
        self.keys.truncate(to.keys);
    }
}

/// Part of a batch that is committed by itself. Its events continue the log.
#[derive(Clone, Copy, Debug)]
pub struct BatchPart<'a> {
    /// Events in order.
    pub rows: &'a [Arc<LogRow>],
    /// Entries of these events, as in [`Batch::entries`].
    pub entries: &'a [(u64, u32, Entry)],
    /// Keys of their callers.
    pub keys: &'a [StoredKey],
}

impl BatchPart<'_> {
    /// Returns whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.keys.is_empty()
    }
}

/// Key of a caller for a request, and a hash of that request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IdempotencyKey {
    /// Organization of the caller. `None` for a key that was stored before that was recorded.
    pub organization: Option<OrganizationId>,
    /// SHA-256 of organization, operation and key.
    pub digest: [u8; 32],
    /// SHA-256 of the request's content.
    pub request_hash: [u8; 32],
}

/// Idempotency key with the outcome of its request.
#[derive(Clone, Debug)]
pub struct StoredKey {
    /// Key and hash of the request.
    pub key: IdempotencyKey,
    /// Instant at which the request was decided.
    pub created_at: Instant,
    /// Outcome of the request.
    pub outcome: KeyOutcome,
}

/// Outcome of a request under a key.
#[derive(Clone, Debug)]
pub enum KeyOutcome {
    /// The request led to these events, first to last.
    Events {
        /// Sequence of the first event.
        first: u64,
        /// Sequence of the last event, inclusive.
        last: u64,
    },
    /// The request was refused.
    Refused(Arc<Refusal>),
}

/// Reason why a batch was not appended, or the log not read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process has taken over; this one must stop.
    #[error("another process leads with a later epoch; this one must not write any more")]
    Fenced,
    /// The database was restored to an earlier state under this process, which knows events that are no longer in the
    /// log.
    #[error(
        "the log ends at event {found}, and event {known} was committed: the database was restored to an earlier state"
    )]
    WentBack {
        /// Sequence of the last event that this process knows to have been committed.
        known: u64,
        /// Sequence of the last event of the log.
        found: u64,
    },
    /// The database refused or went away; whether the batch is committed may be unknown.
    #[error("PostgreSQL: {}", describe(.0))]
    Database(#[from] tokio_postgres::Error),
    /// The database cannot be reached.
    #[error("PostgreSQL cannot be reached: {0}")]
    Connect(#[from] ConnectError),
    /// The database has not finished in time; whether the batch is committed is unknown.
    #[error("PostgreSQL does not finish")]
    Overdue,
    /// No pooled connection is free in time, or PostgreSQL cannot be reached.
    #[error("no database connection: {0}")]
    Pool(#[from] deadpool_postgres::PoolError),
    /// A row of the log cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The operating system does not start a thread.
    #[error("a thread cannot be started: {0}")]
    Thread(#[from] std::io::Error),
    /// The log or the books are not what this program wrote.
    #[error("the journal is damaged: {0}")]
    Damaged(String),
    /// An event of the log breaks an invariant.
    #[error("event {sequence} cannot be followed: {violation}")]
    Violated {
        /// Sequence of the event.
        sequence: u64,
        /// Invariant that it breaks, and how.
        violation: Violation,
    },
}

/// What the database's triggers raise when a batch does not continue the log or the books as they are (migration V17):
/// a gap, a broken chain, a head that moves back. No part of such a batch can be committed, and the writer is not who
/// it believes to be.
static NOT_CONTINUED: LazyLock<SqlState> = LazyLock::new(|| SqlState::from_code("SW001"));

/// Classes of SQLSTATE that speak of the content of a statement: cardinality, data, integrity, WITH CHECK OPTION,
/// limits of the server, and what a trigger raises. What is of another class says nothing of the content, and another
/// try may go better.
const CONTENT_CLASSES: [&str; 6] = ["21", "22", "23", "44", "54", "P0"];

impl JournalError {
    /// Returns the server's reason, where it refused a batch for its content: nothing of the batch is committed, and it
    /// would be refused again. `None` for other errors.
    pub fn refusal_of_content(&self) -> Option<&str> {
        let Self::Database(error) = self else { return None };
        let server = error.as_db_error()?;
        CONTENT_CLASSES.iter().any(|class| server.code().code().starts_with(class)).then(|| server.message())
    }

    /// Returns whether the process must not write any more: another leads, or what it would write does not continue the
    /// log or the books as they are, or the log cannot be followed.
    pub fn ends_leadership(&self) -> bool {
        match self {
            Self::Fenced | Self::Violated { .. } | Self::WentBack { .. } => true,
            Self::Database(error) => error.code() == Some(&*NOT_CONTINUED),
            _ => false,
        }
    }
}

/// Formats the driver's message together with the server's, which it leaves to the source.
fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(server) => format!("{} ({})", server.message(), server.code().code()),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

/// Numbers of the accounts in the database.
type AccountNumbers = Map<ledger::Account, i64>;
