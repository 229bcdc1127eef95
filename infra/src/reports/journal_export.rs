//! All entries of a span of days, with the accounts that there are and the balances at the span's ends.

use futures::future::ready;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use jiff::civil::Date;
use ledger::Amount;
use matching::Event;
use tokio_postgres::{Client, Row};

use super::{BookEntry, BookId, EntryLine, Rows, Snapshot};
use crate::journal::{JournalError, stored};
use crate::{ColumnValue as _, NamedColumns as _};

/// Which entries to export.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JournalOf {
    /// The books.
    pub book: BookId,
    /// The first day; from the beginning when not given.
    pub from: Option<Date>,
    /// The last day; to the end when not given.
    pub to: Option<Date>,
}

/// What there is to export.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JournalExtent {
    /// The earliest day of an entry in the span; `None` when there are no entries.
    pub first: Option<Date>,
    /// The latest day of an entry in the span; `None` when there are no entries.
    pub last: Option<Date>,
    /// Currencies of all accounts of the books, by name.
    pub currencies: Vec<String>,
}

/// Part of an account, in all of its currencies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnedAccount {
    /// Code of the account in the chart.
    pub code: String,
    /// Whose part it is: empty for the entity's own.
    pub owner: String,
    /// The currencies, by name.
    pub currencies: Vec<String>,
}

/// Balance of a part of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnedBalance {
    /// Code of the account in the chart.
    pub code: String,
    /// Whose part it is: empty for the entity's own.
    pub owner: String,
    /// The currency.
    pub currency: String,
    /// The balance, debit positive.
    pub balance: Amount,
    /// Likewise with the parts of all owners, where it is the entity's own part; else the balance.
    pub with_parts: Amount,
}

/// Entry of an export.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExportedEntry {
    /// The entry with its lines.
    pub entry: BookEntry,
    /// When its event happened; `None` for an entry of no event.
    pub at: Option<Timestamp>,
    /// What people said of it; `None` when nobody entered it by hand.
    pub manual: Option<ManualEntry>,
}

/// What people said of an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ManualEntry {
    /// The client that entered it.
    pub entered_by: String,
    /// The client that approved it; empty where it takes one person.
    pub approved_by: String,
    /// The text; empty where nothing was said.
    pub text: String,
}

const EXTENT: &str = "SELECT min(effective) AS first, max(effective) AS last, \
                      (SELECT coalesce(array_agg(DISTINCT currency ORDER BY currency), '{}') FROM accounts WHERE book = $1) \
                      AS currencies FROM entries \
                      WHERE book = $1 AND ($2::date IS NULL OR effective >= $2) AND ($3::date IS NULL OR effective <= $3)";

const ACCOUNTS: &str = "SELECT code, owner, array_agg(currency ORDER BY currency) AS currencies FROM accounts WHERE book = $1 \
                        GROUP BY code, owner ORDER BY code, owner";

/// What every part of every account comes to by those of its lines whose entries are `counted`.
fn balances(counted: &str) -> String {
    format!(
        "SELECT code, owner, currency, balance, \
         CASE owner WHEN '' THEN sum(balance) OVER (PARTITION BY code, currency) ELSE balance END AS with_parts \
         FROM (SELECT a.code, a.owner, a.currency, coalesce(sum(l.amount) FILTER (WHERE {counted}), 0) AS balance \
               FROM accounts a LEFT JOIN lines l ON l.account = a.id \
               LEFT JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
               WHERE a.book = $1 GROUP BY a.id) AS parts \
         ORDER BY code, owner, currency"
    )
}

/// Every line with its entry. What people said of an entry comes with its first line.
fn lines() -> String {
    let (of_entry, of_line) = (BookEntry::COLUMNS, EntryLine::COLUMNS);
    format!(
        "SELECT {of_entry}, {of_line}, v.at, v.type, v.version, \
         CASE WHEN l.line = 0 AND v.type = ANY($4) THEN v.content::text END AS content \
         FROM entries e JOIN lines l ON l.book = e.book AND l.entry = e.sequence \
         JOIN accounts a ON a.id = l.account LEFT JOIN events v ON v.sequence = e.event \
         WHERE e.book = $1 AND ($2::date IS NULL OR e.effective >= $2) \
         AND ($3::date IS NULL OR e.effective <= $3) ORDER BY e.sequence, l.line"
    )
}

impl JournalOf {
    /// What there is to export.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn extent(&self, client: &Client) -> Result<JournalExtent, JournalError> {
        let row = client.query_one(EXTENT, &[&self.book.to_column(), &self.from, &self.to]).await?;
        Ok(JournalExtent { first: row.read("first")?, last: row.read("last")?, currencies: row.read("currencies")? })
    }

    /// Every part of every account that was ever used, in the order of the chart.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn accounts(&self, snapshot: &Snapshot) -> Result<Rows<OwnedAccount>, JournalError> {
        snapshot.rows(ACCOUNTS, &[&self.book.to_column()], OwnedAccount::read).await
    }

    /// Balances before the span that are not zero; none where the span starts at the beginning.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn openings(&self, snapshot: &Snapshot) -> Result<Rows<OwnedBalance>, JournalError> {
        let Some(from) = self.from else { return Ok(stream::empty().boxed()) };
        let statement = balances("e.effective < $2");
        let openings = snapshot.rows(&statement, &[&self.book.to_column(), &from], OwnedBalance::read).await?;
        Ok(openings.try_filter(|opening| ready(!opening.balance.is_zero())).boxed())
    }

    /// Balances at the end of the span, also those that are zero.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn closings(&self, snapshot: &Snapshot) -> Result<Rows<OwnedBalance>, JournalError> {
        let statement = balances("$2::date IS NULL OR e.effective <= $2");
        snapshot.rows(&statement, &[&self.book.to_column(), &self.to], OwnedBalance::read).await
    }

    /// Entries of the span, in the order of the books.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn entries(&self, snapshot: &Snapshot) -> Result<Rows<ExportedEntry>, JournalError> {
        let (book, types) = (self.book.to_column(), Event::entered_types());
        let rows = snapshot.raw_rows(&lines(), &[&book, &self.from, &self.to, &types]).await?;
        let entries = stream::try_unfold((rows, None), |(mut rows, mut open)| async move {
            // One entry at a time: it is whole when the next one begins.
            while let Some(row) = rows.try_next().await? {
                if let Some(whole) = add_line(&mut open, &row)? {
                    return Ok(Some((whole, (rows, open))));
                }
            }
            Ok(open.take().map(|last| (last, (rows, None))))
        });
        Ok(entries.boxed())
    }
}

/// Adds a row's line to the open entry. Returns the open entry, and opens the next one, where the line begins that.
fn add_line(open: &mut Option<ExportedEntry>, row: &Row) -> Result<Option<ExportedEntry>, JournalError> {
    let (sequence, line): (i64, EntryLine) = (row.read("sequence")?, EntryLine::read(row)?);
    if let Some(open) = open.as_mut().filter(|open| open.entry.sequence == sequence) {
        open.entry.lines.push(line);
        return Ok(None);
    }
    let mut next = ExportedEntry::read(row)?;
    next.entry.lines.push(line);
    Ok(open.replace(next))
}

impl OwnedAccount {
    fn read(row: &Row) -> Result<Self, JournalError> {
        Ok(Self { code: row.read("code")?, owner: row.read("owner")?, currencies: row.read("currencies")? })
    }
}

impl OwnedBalance {
    fn read(row: &Row) -> Result<Self, JournalError> {
        Ok(Self {
            code: row.read("code")?,
            owner: row.read("owner")?,
            currency: row.read("currency")?,
            balance: row.read("balance")?,
            with_parts: row.read("with_parts")?,
        })
    }
}

impl ExportedEntry {
    /// The entry of the row of its first line, without its lines.
    fn read(row: &Row) -> Result<Self, JournalError> {
        Ok(Self { entry: BookEntry::read(row)?, at: row.read("at")?, manual: ManualEntry::read(row)? })
    }
}

impl ManualEntry {
    /// What people said of the row's event; `None` where it happened by itself.
    fn read(row: &Row) -> Result<Option<Self>, JournalError> {
        let (name, content): (Option<String>, Option<String>) = (row.read("type")?, row.read("content")?);
        let (Some(name), Some(version), Some(content)) = (name, row.read::<Option<i16>>("version")?, content) else {
            return Ok(None);
        };
        // Decoded here: the database reads nothing out of a content that has an escaped NUL somewhere.
        let event = Event::decode(&name, stored("the version of an event", version)?, content.as_bytes())?;
        Ok(event.entered().map(|entered| Self {
            entered_by: entered.by.to_string(),
            approved_by: entered.approved_by.map(|by| by.to_string()).unwrap_or_default(),
            text: entered.text.map(ToString::to_string).unwrap_or_default(),
        }))
    }
}
