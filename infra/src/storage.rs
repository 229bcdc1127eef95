//! Access to the durable log: append under a lease, read back, and nothing else.
//!
//! The sequencer and everybody who reads the log know PostgreSQL only by these traits, so that a simulation can put a
//! model behind them. The conformance suite of the end-to-end tests checks what an implementation has to keep.

use std::sync::Arc;

use futures::future::BoxFuture;
use ledger::Instant;

use crate::journal::{BatchPart, JournalError, LogRow, StoredKey};

/// Log that survives its process, with the idempotency keys of the requests that led to it.
pub trait Storage: Send + Sync {
    /// Takes the lead: whoever led before can append nothing any more.
    ///
    /// # Errors
    /// [`JournalError`] when the storage cannot be reached, or holds what this program did not write.
    fn take_lead(&self) -> BoxFuture<'_, Result<Box<dyn Lease>, JournalError>>;

    /// Returns the epoch of whoever leads now.
    ///
    /// # Errors
    /// [`JournalError`] when the storage cannot be reached.
    fn epoch(&self) -> BoxFuture<'_, Result<i64, JournalError>>;

    /// Returns the sequence of the last committed event; 0 when there is none.
    ///
    /// # Errors
    /// [`JournalError`] when the storage cannot be reached.
    fn head(&self) -> BoxFuture<'_, Result<u64, JournalError>>;

    /// Reads the committed events after `sequence`, in order, at most `limit` of them. It may return fewer than there
    /// are, but not none.
    ///
    /// # Errors
    /// [`JournalError`] when the storage cannot be reached, or an event cannot be read.
    fn read(&self, sequence: u64, limit: usize) -> BoxFuture<'_, Result<Vec<Arc<LogRow>>, JournalError>>;

    /// Reads the idempotency keys of requests that were decided after `since`.
    ///
    /// # Errors
    /// [`JournalError`] when the storage cannot be reached, or a key cannot be read.
    fn keys(&self, since: Instant) -> BoxFuture<'_, Result<Vec<StoredKey>, JournalError>>;

    /// Deletes the idempotency keys of requests that were decided before `until`. Returns how many there were.
    ///
    /// # Errors
    /// [`JournalError`] when the storage cannot be reached.
    fn forget_keys(&self, until: Instant) -> BoxFuture<'_, Result<u64, JournalError>>;
}

/// Lead: the right to append, until another process takes it.
pub trait Lease: Send {
    /// Returns the epoch under which it appends: higher than that of every earlier lease.
    fn epoch(&self) -> i64;

    /// Returns the sequence of the last event that is known to be committed.
    fn head(&self) -> u64;

    /// Commits events, their entries and the keys of their callers, all together or nothing.
    ///
    /// # Errors
    /// [`JournalError::Fenced`] when another process leads. When it is [refused for its
    /// content](JournalError::refusal_of_content), nothing of it is committed, and others can be. Any other error
    /// leaves the outcome unknown until [`Lease::recover`] has read the head.
    fn append<'a>(&'a mut self, part: BatchPart<'a>) -> BoxFuture<'a, Result<(), JournalError>>;

    /// Reads where the log really ends, after an append whose outcome is unknown. It waits for one that may still be
    /// running.
    ///
    /// # Errors
    /// [`JournalError::Fenced`] when another process leads, [`JournalError::WentBack`] when the storage was restored to an earlier state;
    /// other errors while it is still away.
    fn recover(&mut self) -> BoxFuture<'_, Result<(), JournalError>>;
}
