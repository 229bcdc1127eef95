//! Trial balances from the books in PostgreSQL: the sum of every account of the chart, now, as of a day, or as it was
//! known after an event.
//!
//! No trial balance reads all lines. The present is the sum of `balances`, any day that of `daily_movements`; a balance
//! as it was known after an event needs besides the lines of one run of entries.

use jiff::Timestamp;
use jiff::civil::Date;
use ledger::{Amount, Currency};
use rust_decimal::Decimal;
use tokio_postgres::{Client, Row};

use crate::journal::JournalError;

/// Number of entries in a run of `daily_movements`, as the statements below and the schema have it.
pub(crate) const RUN_ENTRIES: i64 = 65_536;

const NOW: &str = "SELECT a.code, sum(s.balance) FROM accounts a JOIN balances s ON s.account = a.id \
                   WHERE a.book = $1 AND a.currency = $2 GROUP BY a.code ORDER BY a.code";

const OF_A_DAY: &str = "SELECT code, coalesce(sum(amount) FILTER (WHERE day <= $3), 0) FROM daily_movements \
                        WHERE book = $1 AND currency = $2 GROUP BY code ORDER BY code";

/// Statement of the whole runs before the one that has the last known entry, and that one's lines up to it. Every
/// account has a row, also one that was used later.
const KNOWN: &str = "SELECT code, sum(amount) FROM ( \
                         SELECT code, CASE WHEN run < $4::bigint / 65536 AND ($3::date IS NULL OR day <= $3) THEN amount ELSE 0 END AS amount \
                         FROM daily_movements WHERE book = $1 AND currency = $2 \
                         UNION ALL \
                         SELECT a.code, l.amount FROM entries e \
                         JOIN lines l ON l.book = e.book AND l.entry = e.sequence JOIN accounts a ON a.id = l.account \
                         WHERE e.book = $1 AND e.sequence BETWEEN $5::bigint AND $4 AND l.book = $1 AND l.entry BETWEEN $5 AND $4 \
                         AND a.currency = $2 AND ($3::date IS NULL OR e.effective <= $3) \
                     ) moved GROUP BY code ORDER BY code";

/// Statement that halves the log, which has no index by time: events are numbered without gaps, and none happened
/// before the one before it.
const LAST_EVENT_BY: &str = "WITH RECURSIVE search (low, high) AS ( \
                                 SELECT 0::bigint, head FROM leadership \
                                 UNION ALL \
                                 SELECT CASE WHEN e.at <= $1 THEN e.sequence ELSE s.low END, \
                                        CASE WHEN e.at <= $1 THEN s.high ELSE e.sequence - 1 END \
                                 FROM search s JOIN LATERAL (SELECT sequence, at FROM events \
                                     WHERE sequence = (s.low + s.high + 1) / 2) e ON true \
                                 WHERE s.low < s.high \
                             ) SELECT low FROM search WHERE low = high";

/// Statement that halves a book's entries, which are in the order of their events.
const LAST_ENTRY_BY: &str = "WITH RECURSIVE search (low, high) AS ( \
                                 SELECT 0::bigint, head_sequence FROM books WHERE id = $1 \
                                 UNION ALL \
                                 SELECT CASE WHEN e.event <= $2 THEN e.sequence ELSE s.low END, \
                                        CASE WHEN e.event <= $2 THEN s.high ELSE e.sequence - 1 END \
                                 FROM search s JOIN LATERAL (SELECT sequence, event FROM entries \
                                     WHERE book = $1 AND sequence = (s.low + s.high + 1) / 2) e ON true \
                                 WHERE s.low < s.high \
                             ) SELECT low FROM search WHERE low = high";

/// Selection of a trial balance.
#[derive(Clone, Copy, Debug)]
pub struct TrialBalanceOf {
    /// Number of the book in table `books`.
    pub book: i32,
    /// Currency of the accounts.
    pub currency: Currency,
    /// Last day whose entries count, inclusive; `None` for every day.
    pub as_of: Option<Date>,
    /// Sequence of the last event whose entries count, inclusive; `None` for every event.
    pub known: Option<i64>,
}

impl TrialBalanceOf {
    /// Adds up every account that was ever used, by its code in the chart, in the chart's order. The client should read
    /// one state of the database.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read, or holds what no balance can be.
    pub async fn rows(&self, client: &Client) -> Result<Vec<(String, Amount)>, JournalError> {
        let Self { book, currency, as_of, known } = self;
        let currency = currency.as_str();
        let rows = match (as_of, known) {
            (None, None) => client.query(NOW, &[book, &currency]).await?,
            (Some(day), None) => client.query(OF_A_DAY, &[book, &currency, day]).await?,
            (day, Some(event)) => {
                let last: i64 = client.query_one(LAST_ENTRY_BY, &[book, event]).await?.get(0);
                let first_of_run = last - last % RUN_ENTRIES;
                client.query(KNOWN, &[book, &currency, day, &last, &first_of_run]).await?
            }
        };
        rows.iter().map(account_balance).collect()
    }
}

/// Finds the log's last event by an instant; 0 before the first.
///
/// # Errors
/// [`JournalError`] when the database cannot be read.
pub async fn last_event_by(client: &Client, instant: Timestamp) -> Result<i64, JournalError> {
    // PostgreSQL has no times as early as the earliest that can be asked for.
    let instant = instant.max(Timestamp::UNIX_EPOCH);
    Ok(client.query_one(LAST_EVENT_BY, &[&instant]).await?.get(0))
}

fn account_balance(row: &Row) -> Result<(String, Amount), JournalError> {
    let balance = Amount::from_decimal(row.get::<_, Decimal>(1));
    Ok((row.get(0), balance.map_err(|error| JournalError::Damaged(error.to_string()))?))
}
