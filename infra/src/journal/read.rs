//! Reader of the log, the accounts and the idempotency keys.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use ledger::{Account, AccountKind, Instant, Owner, exact};
use matching::{CommandId, DueParked, Event, ParkedDue, Record};
use tokio::sync::watch;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::copy::timestamp;
use super::{AccountNumbers, IdempotencyKey, JournalError, KeyOutcome, LogRow, StoredKey};
use crate::NamedColumns as _;
use crate::storage::Storage;

/// Number of rows that are looked through at a time for a command's.
const PAGE_ROWS: usize = 5_000;
/// Number of committed rows that stay in memory, so that those who follow the log closely need not read it back.
const TAIL_ROWS_MAX: usize = 32_768;

/// Reader of the committed log from any point, which reports when it grows.
#[derive(Clone)]
pub struct LogReader {
    storage: Arc<dyn Storage>,
    tail: Arc<Mutex<VecDeque<Arc<LogRow>>>>,
    head: watch::Sender<u64>,
}

impl LogReader {
    /// Makes a reader of a log that is committed up to `head`.
    pub fn new(storage: Arc<dyn Storage>, head: u64) -> Self {
        Self { storage, tail: Arc::default(), head: watch::Sender::new(head) }
    }

    /// Returns the sequence of the last committed event.
    pub fn head(&self) -> u64 {
        *self.head.borrow()
    }

    /// Returns a receiver of the sequence of the last committed event.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    /// Announces rows that have been committed.
    pub fn publish(&self, rows: &[Arc<LogRow>]) {
        let Some(last) = rows.last() else { return };
        {
            let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
            tail.extend(rows.iter().cloned());
            let excess = tail.len().saturating_sub(TAIL_ROWS_MAX);
            tail.drain(..excess);
        }
        self.head.send_replace(last.record.sequence);
    }

    /// Announces a head whose rows must be read from the database: the memory of the tail ends before it.
    pub fn announce(&self, head: u64) {
        if head != self.head() {
            self.tail.lock().unwrap_or_else(PoisonError::into_inner).clear();
            self.head.send_replace(head);
        }
    }

    /// Reads the committed rows after `sequence`, at most `limit` of them.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be reached or a row cannot be read.
    pub async fn after(&self, sequence: u64, limit: usize) -> Result<Vec<Arc<LogRow>>, JournalError> {
        if sequence >= self.head() {
            return Ok(Vec::new());
        }
        if let Some(rows) = self.in_tail(sequence, limit) {
            return Ok(rows);
        }
        self.storage.read(sequence, limit).await
    }

    /// Reads the rows of a range, both ends included.
    ///
    /// # Errors
    /// Those of [`LogReader::after`].
    pub async fn range(&self, first: u64, last: u64) -> Result<Vec<Arc<LogRow>>, JournalError> {
        let mut rows = Vec::new();
        // Sequences begin with 1.
        let mut after = first.max(1) - 1;
        while after < last {
            let page = self.after(after, exact(last - after)).await?;
            let Some(end) = page.last().map(|row| row.record.sequence) else { break };
            rows.extend(page);
            after = end;
        }
        Ok(rows)
    }

    /// Reads the rows of a command whose first step wrote `first` to `last`, with those of its further steps where it
    /// left work unfinished.
    ///
    /// # Errors
    /// Those of [`LogReader::after`].
    pub async fn of_command(&self, first: u64, last: u64) -> Result<Vec<Arc<LogRow>>, JournalError> {
        let mut rows = self.range(first, last).await?;
        let Some(command) = rows.last().map(|row| row.record.command) else { return Ok(rows) };
        let mut unfinished = BTreeSet::new();
        for row in &rows {
            follow_work(&mut unfinished, row);
        }
        let mut after = last;
        while !unfinished.is_empty() {
            let page = self.after(after, PAGE_ROWS).await?;
            let Some(end) = page.last().map(|row| row.record.sequence) else { break };
            for row in page {
                if row.record.command == command || matches!(row.record.event, Event::DueParked(_)) {
                    follow_work(&mut unfinished, &row);
                }
                if row.record.command == command {
                    rows.push(row);
                }
                if unfinished.is_empty() {
                    break;
                }
            }
            after = end;
        }
        Ok(rows)
    }

    fn in_tail(&self, sequence: u64, limit: usize) -> Option<Vec<Arc<LogRow>>> {
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = tail.front()?.record.sequence;
        let skip = usize::try_from((sequence + 1).checked_sub(oldest)?).ok()?;
        Some(tail.iter().skip(skip).take(limit).cloned().collect())
    }
}

/// Updates the sequences of the events that began work which is not done yet.
fn follow_work(unfinished: &mut BTreeSet<u64>, row: &LogRow) {
    let (ended, begun) = match &row.record.event {
        Event::OrdersEnding(_) => (None, Some(row.record.sequence)),
        Event::SweepPaused(paused) => (paused.begun, Some(row.record.sequence)),
        Event::OrdersEnded(ended) => (Some(ended.begun), None),
        Event::SweepEnded(ended) => (Some(ended.begun), None),
        Event::DueParked(DueParked { due: ParkedDue::Work { begun }, .. }) => (Some(*begun), None),
        _ => return,
    };
    if let Some(ended) = ended {
        unfinished.remove(&ended);
    }
    unfinished.extend(begun);
}

/// Sequence of the last committed event; 0 while the log is empty.
///
/// # Errors
/// [`JournalError`] when the database cannot be read.
pub(crate) async fn log_head(client: &Client) -> Result<u64, JournalError> {
    client.query_one("SELECT head FROM leadership", &[]).await?.read("head")
}

/// Reads up to `limit` rows of the log after `sequence`.
///
/// # Errors
/// [`JournalError`] when the database cannot be reached or a row cannot be read.
pub(super) async fn read_rows(client: &Client, sequence: u64, limit: usize) -> Result<Vec<Arc<LogRow>>, JournalError> {
    let statement = "SELECT sequence, at, command, type, version, content::text FROM events \
                     WHERE sequence > $1 ORDER BY sequence LIMIT $2";
    let (from, limit): (i64, i64) = (exact(sequence), exact(limit));
    let rows = client.query(statement, &[&from, &limit]).await?;
    rows.iter().map(read_row).collect()
}

/// Converts a stored number to the type that it has here.
pub(crate) fn stored<T: TryFrom<N>, N: Copy + Display>(what: &str, number: N) -> Result<T, JournalError> {
    T::try_from(number).map_err(|_| JournalError::Damaged(format!("{what} is {number}")))
}

/// Converts a stored timestamp to an instant.
fn instant(at: Timestamp) -> Result<Instant, JournalError> {
    stored("a time in microseconds", at.as_microsecond())
}

fn read_row(row: &Row) -> Result<Arc<LogRow>, JournalError> {
    let content = row.get::<_, String>(5).into_bytes();
    let version = stored("the version of an event", row.get::<_, i16>(4))?;
    let record = Record {
        sequence: stored("the sequence of an event", row.get::<_, i64>(0))?,
        at: instant(row.get(1))?,
        command: CommandId::new(row.get::<_, Uuid>(2)),
        event: Event::decode(row.get(3), version, &content)?,
    };
    Ok(Arc::new(LogRow { record, content }))
}

/// Reads the numbers of the accounts in the database.
pub(super) async fn load_accounts(client: &Client) -> Result<AccountNumbers, JournalError> {
    let rows = client
        .query("SELECT a.id, b.entity, a.code, a.owner, a.currency FROM accounts a JOIN books b ON b.id = a.book", &[])
        .await?;
    let damaged = |what: &str| JournalError::Damaged(format!("an account's {what} is unknown"));
    let mut numbers = AccountNumbers::default();
    for row in rows {
        let account = Account {
            entity: row.get::<_, &str>(1).parse().map_err(|_| damaged("entity"))?,
            kind: AccountKind::from_code(row.get(2)).ok_or_else(|| damaged("code"))?,
            owner: row.get::<_, &str>(3).parse::<Owner>().map_err(|_| damaged("owner"))?,
            currency: row.get::<_, &str>(4).parse().map_err(|_| damaged("currency"))?,
        };
        numbers.insert(account, row.get(0));
    }
    Ok(numbers)
}

/// Reads the idempotency keys of requests decided after `since`.
///
/// # Errors
/// [`JournalError`] when the database cannot be reached or a key cannot be read.
pub(super) async fn read_keys(client: &Client, since: Instant) -> Result<Vec<StoredKey>, JournalError> {
    let statement = "SELECT digest, request_hash, created_at, first_sequence, last_sequence, refusal::text, organization \
                     FROM idempotency_keys WHERE created_at > $1";
    let rows = client.query(statement, &[&timestamp(since)]).await?;
    rows.iter().map(read_key).collect()
}

fn read_key(row: &Row) -> Result<StoredKey, JournalError> {
    let damaged = || JournalError::Damaged("an idempotency key cannot be read".into());
    let bytes = |index: usize| row.get::<_, Vec<u8>>(index).try_into().map_err(|_| damaged());
    let sequence = |index: usize| row.get::<_, Option<i64>>(index).and_then(|number| u64::try_from(number).ok());
    let outcome = match (sequence(3), sequence(4), row.get::<_, Option<&str>>(5)) {
        (Some(first), Some(last), None) => KeyOutcome::Events { first, last },
        (None, None, Some(refusal)) => {
            KeyOutcome::Refused(Arc::new(serde_json::from_str(refusal).map_err(|_| damaged())?))
        }
        _ => return Err(damaged()),
    };
    let organization = row.get::<_, Option<&str>>(6).map(str::parse).transpose().map_err(|_| damaged())?;
    Ok(StoredKey {
        key: IdempotencyKey { organization, digest: bytes(0)?, request_hash: bytes(1)? },
        created_at: instant(row.get(2))?,
        outcome,
    })
}
