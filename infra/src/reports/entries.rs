//! Journal entries with their lines.

use jiff::civil::Date;
use ledger::Amount;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::BookId;
use crate::journal::{JournalError, stored};
use crate::{ColumnValue as _, NamedColumns as _};

/// Entry of some books.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BookEntry {
    /// Number in the books, without gaps.
    pub sequence: i64,
    /// The day it is dated.
    pub effective: Date,
    /// Name of the posting rule, without its version.
    pub rule_id: String,
    /// Version of the posting rule.
    pub rule_version: i16,
    /// Sequence of the event that it records; `None` for an entry of no event.
    pub event: Option<i64>,
    /// The contract that all of it concerns.
    pub contract: Option<Uuid>,
    /// The box that it concerns.
    pub box_id: Option<Uuid>,
    /// What it corrects: `event:<sequence>`, or `hours:<from>/<until>` of its contract.
    pub corrects: Option<String>,
    /// Hash that chains it to the entry before, in hexadecimal.
    pub hash: String,
    /// Lines in their order, which sum to zero.
    pub lines: Vec<EntryLine>,
}

/// Line of an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntryLine {
    /// Place in the entry, from 0.
    pub line: i32,
    /// Code of the account in the chart.
    pub code: String,
    /// Whose part of the account: empty for the entity's own.
    pub owner: String,
    /// The amount, debit positive.
    pub amount: Amount,
    /// The currency.
    pub currency: String,
    /// The contract that this line concerns.
    pub contract: Option<Uuid>,
}

impl BookEntry {
    /// Columns that [`BookEntry::read`] reads, of the table `entries` as `e`.
    pub(super) const COLUMNS: &str = "e.sequence, e.effective, e.rule, e.rule_version, e.event, e.contract, e.box, e.corrects, encode(e.hash, 'hex') AS hash";

    /// Name of the posting rule with its version, such as `term.prepaid.1`.
    pub fn rule(&self) -> String {
        format!("{}.{}", self.rule_id, self.rule_version)
    }

    /// The entry of a row, without its lines.
    pub(super) fn read(row: &Row) -> Result<Self, JournalError> {
        Ok(Self {
            sequence: row.read("sequence")?,
            effective: row.read("effective")?,
            rule_id: row.read("rule")?,
            rule_version: row.read("rule_version")?,
            event: row.read("event")?,
            contract: row.read("contract")?,
            box_id: row.read("box")?,
            corrects: row.read("corrects")?,
            hash: row.read("hash")?,
            lines: Vec::new(),
        })
    }
}

impl EntryLine {
    /// Columns that [`EntryLine::read`] reads, of the tables `lines` as `l` and `accounts` as `a`.
    pub(super) const COLUMNS: &str = "l.line, a.code, a.owner, l.amount, a.currency, l.contract AS line_contract";

    pub(super) fn read(row: &Row) -> Result<Self, JournalError> {
        Ok(Self {
            line: row.read("line")?,
            code: row.read("code")?,
            owner: row.read("owner")?,
            amount: row.read("amount")?,
            currency: row.read("currency")?,
            contract: row.read("line_contract")?,
        })
    }
}

/// Entry in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedEntry {
    /// Place in the list, for the page after it.
    pub place: i64,
    /// The entity whose books it is in.
    pub entity: String,
    /// The entry.
    pub entry: BookEntry,
}

/// Which entries to list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntriesOf {
    /// The books; all of them when not given.
    pub book: Option<BookId>,
    /// Only entries of the event with this sequence.
    pub event: Option<u64>,
    /// Only entries that concern this contract, or have a line that does.
    pub contract: Option<Uuid>,
    /// Only entries that concern this box.
    pub box_id: Option<Uuid>,
    /// Only entries with a line on the account of this code.
    pub account: Option<String>,
}

impl EntriesOf {
    /// Entries after a place in the list, at most `limit` of them, in the order of the books.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read, or holds what no entry can be.
    pub async fn after(&self, client: &Client, place: i64, limit: i64) -> Result<Vec<ListedEntry>, JournalError> {
        let book = self.book.map(|book| book.to_column());
        // No event has a sequence as high as those that the database cannot hold.
        let event = self.event.map(|event| i64::try_from(event).unwrap_or(i64::MAX));
        // Where a page ends: in one book a number of its own, in several the place among the entries.
        let (place_of, of_book) = match book {
            Some(_) => ("e.sequence", "e.book = $1"),
            None => ("row_number() OVER (ORDER BY e.book, e.sequence)", "$1::int IS NULL"),
        };
        // By the indexes on contracts: a filter on every entry would read the whole book.
        let of_contract = match self.contract {
            Some(_) => {
                "(e.book, e.sequence) IN (SELECT book, sequence FROM entries WHERE contract = $4 \
                                          UNION SELECT book, entry FROM lines WHERE contract = $4)"
            }
            None => "$4::uuid IS NULL",
        };
        let columns = BookEntry::COLUMNS;
        let statement = format!(
            "SELECT * FROM (SELECT {place_of} AS place, e.book, b.entity, {columns} \
                            FROM entries e JOIN books b ON b.id = e.book \
                            WHERE {of_book} AND ($3::bigint IS NULL OR e.event = $3) \
                            AND {of_contract} \
                            AND ($5::uuid IS NULL OR e.box = $5) \
                            AND ($6::text IS NULL OR EXISTS (SELECT FROM lines l JOIN accounts a ON a.id = l.account \
                                 WHERE l.book = e.book AND l.entry = e.sequence AND a.code = $6))) e \
             WHERE place > $2 ORDER BY place LIMIT $7"
        );
        let Self { contract, box_id, account, .. } = self;
        let rows = client.query(&statement, &[&book, &place, &event, contract, box_id, account, &limit]).await?;
        let (mut books, mut listed): (Vec<i32>, Vec<ListedEntry>) = Default::default();
        for row in &rows {
            books.push(row.read("book")?);
            let entry = BookEntry::read(row)?;
            listed.push(ListedEntry { place: row.read("place")?, entity: row.read("entity")?, entry });
        }
        add_lines(client, &books, &mut listed).await?;
        Ok(listed)
    }
}

/// Adds the lines of each entry, which is in the book of the same place in `books`.
async fn add_lines(client: &Client, books: &[i32], listed: &mut [ListedEntry]) -> Result<(), JournalError> {
    let numbers: Vec<i64> = listed.iter().map(|listed| listed.entry.sequence).collect();
    let columns = EntryLine::COLUMNS;
    let statement = format!(
        "SELECT p.place, {columns} FROM unnest($1::int[], $2::bigint[]) WITH ORDINALITY AS p (book, entry, place) \
         JOIN lines l ON l.book = p.book AND l.entry = p.entry JOIN accounts a ON a.id = l.account \
         ORDER BY p.place, l.line"
    );
    for row in client.query(&statement, &[&books, &numbers]).await? {
        // Counted from 1.
        let place: usize = stored("the place of a line's entry", row.read::<i64>("place")? - 1)?;
        let of = listed.get_mut(place).ok_or_else(|| JournalError::Damaged("a line has no entry".into()))?;
        of.entry.lines.push(EntryLine::read(&row)?);
    }
    Ok(())
}
