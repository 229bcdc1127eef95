//! The journal: the log and the books in PostgreSQL, and the only way to append to them.
//!
//! It promises that a batch of events, its entries and its idempotency keys are committed together or not at all, that
//! nothing is written under an epoch that has been taken over, and that an unknown outcome can be resolved by reading the
//! head. It knows nothing of what the events mean.

mod append;
mod copy;
mod read;
mod statements;

use std::sync::Arc;

use ledger::{Entry, Instant, Map};
use matching::{DecodeError, Record, Refusal};

pub use append::Journal;
pub use copy::timestamp;
pub use read::{LogReader, load_keys};

/// The operator's book in table `books`.
pub(crate) const OPERATOR_BOOK: i32 = 1;

/// An event as it stands in the log: the record and its stored bytes, which are also the published ones.
#[derive(Debug)]
pub struct LogRow {
    /// The event with its place.
    pub record: Record,
    /// The event's content as JSON.
    pub content: Vec<u8>,
}

impl LogRow {
    /// The row of a new record.
    pub fn encode(record: Record) -> Self {
        let mut content = Vec::with_capacity(512);
        record.event.encode(&mut content);
        Self { record, content }
    }
}

/// What is committed in one transaction.
#[derive(Debug, Default)]
pub struct Batch {
    /// The events, in order, continuing the log.
    pub rows: Vec<Arc<LogRow>>,
    /// Their entries: the event's sequence, the entry's place among the event's entries, the entry.
    pub entries: Vec<(u64, u32, Entry)>,
    /// The keys under which callers may repeat their requests.
    pub keys: Vec<StoredKey>,
}

impl Batch {
    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.keys.is_empty()
    }
}

/// A caller's key for a request, and a hash of that request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IdempotencyKey {
    /// SHA-256 of organization, operation and key.
    pub digest: [u8; 32],
    /// SHA-256 of the request's content.
    pub request_hash: [u8; 32],
}

/// An idempotency key with what became of its request.
#[derive(Clone, Debug)]
pub struct StoredKey {
    /// The key.
    pub key: IdempotencyKey,
    /// When the request was decided.
    pub created_at: Instant,
    /// What became of it.
    pub outcome: KeyOutcome,
}

/// What became of a request under a key.
#[derive(Clone, Debug)]
pub enum KeyOutcome {
    /// It led to these events, first to last.
    Events {
        /// The first event's sequence.
        first: u64,
        /// The last event's sequence.
        last: u64,
    },
    /// It was refused.
    Refused(Arc<Refusal>),
}

/// Why a batch was not appended, or the log not read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process has taken over; this one must stop.
    #[error("another process leads with a later epoch; this one must not write any more")]
    Fenced,
    /// The database refused or went away; whether the batch is committed may be unknown.
    #[error("PostgreSQL: {}", describe(.0))]
    Database(#[from] tokio_postgres::Error),
    /// No pooled connection.
    #[error("no database connection: {0}")]
    Pool(#[from] deadpool_postgres::PoolError),
    /// A row of the log cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The operating system grants no thread.
    #[error("a thread cannot be started: {0}")]
    Thread(#[from] std::io::Error),
    /// The log or the books are not what this program wrote.
    #[error("the journal is damaged: {0}")]
    Damaged(String),
}

/// The driver's message together with the server's, which it leaves to the source.
fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(server) => format!("{} ({})", server.message(), server.code().code()),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

/// The database's number for each account.
type AccountNumbers = Map<ledger::Account, i64>;
