//! Trial balances from the books in PostgreSQL: the sum of every account of the chart, now, as of a day, or as it was
//! known after an event.
//!
//! No trial balance reads all lines. The present is the sum of `balances`, any day that of `daily_movements`; a balance
//! as it was known after an event needs besides the lines of one run of entries.

use jiff::Timestamp;
use jiff::civil::Date;
use ledger::{Amount, Currency};
use tokio_postgres::{Client, Row};

use super::BookId;
use crate::journal::JournalError;
use crate::{ColumnValue as _, NamedColumns as _};

/// Number of entries in a run of `daily_movements`, as the statements below and the schema have it.
pub(crate) const RUN_ENTRIES: i64 = 65_536;

const NOW: &str = "SELECT a.code, sum(s.balance) AS balance FROM accounts a JOIN balances s ON s.account = a.id \
                   WHERE a.book = $1 AND a.currency = $2 GROUP BY a.code ORDER BY a.code";

const OF_A_DAY: &str = "SELECT code, coalesce(sum(amount) FILTER (WHERE day <= $3), 0) AS balance FROM daily_movements \
                        WHERE book = $1 AND currency = $2 GROUP BY code ORDER BY code";

/// The whole runs before the one in which the last known entry is, and that one's lines up to it. Every account has a row, also
/// one that was used later.
const KNOWN: &str = "SELECT code, sum(amount) AS balance FROM ( \
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

/// Balance of all parts of an account of the chart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountTotal {
    /// Code in the chart.
    pub code: String,
    /// The balance, debit positive.
    pub balance: Amount,
}

/// Which trial balance.
#[derive(Clone, Copy, Debug)]
pub struct TrialBalanceOf {
    /// The books.
    pub book: BookId,
    /// The currency.
    pub currency: Currency,
    /// Last day whose entries count, inclusive; `None` for every day.
    pub as_of: Option<Date>,
    /// Sequence of the last event whose entries count; every event when not given.
    pub known: Option<u64>,
}

impl TrialBalanceOf {
    /// Adds up every account that was ever used, in the order of the chart. The client should read one state of the database.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read, or holds what no balance can be.
    pub async fn rows(&self, client: &Client) -> Result<Vec<AccountTotal>, JournalError> {
        let Self { book, currency, as_of, known } = self;
        let (book, currency) = (book.to_column(), currency.as_str());
        let rows = match (as_of, known) {
            (None, None) => client.query(NOW, &[&book, &currency]).await?,
            (Some(day), None) => client.query(OF_A_DAY, &[&book, &currency, day]).await?,
            (day, Some(event)) => {
                let last = client.query_one(LAST_ENTRY_BY, &[&book, &event.to_column()]).await?;
                let last: i64 = last.read("low")?;
                let first_of_run = last - last % RUN_ENTRIES;
                client.query(KNOWN, &[&book, &currency, day, &last, &first_of_run]).await?
            }
        };
        let total = |row: &Row| Ok(AccountTotal { code: row.read("code")?, balance: row.read("balance")? });
        rows.iter().map(total).collect()
    }
}

/// Sequence of the log's last event by an instant; 0 before the first.
///
/// # Errors
/// [`JournalError`] when the database cannot be read.
pub async fn last_event_by(client: &Client, instant: Timestamp) -> Result<u64, JournalError> {
    // PostgreSQL has no times as early as the earliest that can be asked for.
    let instant = instant.max(Timestamp::UNIX_EPOCH);
    client.query_one(LAST_EVENT_BY, &[&instant]).await?.read("low")
}
