//! The entries of a span of days with the balances at its ends, in whatever form.

use futures::TryStreamExt as _;
use jiff::Timestamp;
use jiff::civil::Date;
use ledger::Amount;
use matching::Event;
use rust_decimal::Decimal;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::problem::Problem;
use crate::resources::ledger::day_span::DaySpan;
use crate::resources::ledger::streaming::{Interrupted, Report, Sheet, Snapshot};
use crate::wire::amount;

/// The first and the last day that other programs can tell.
const DAYS: (Date, Date) = (Date::constant(1, 1, 1), Date::constant(9999, 12, 31));

/// What an export is of.
pub(super) struct ExportScope {
    pub entity: String,
    pub span: DaySpan,
    /// The log's sequence that it includes.
    pub sequence: u64,
    /// The currencies of the books.
    pub currencies: Vec<String>,
    /// The day of the opening balances: the one before the span; of the first entry where nothing came before.
    pub opened: Date,
    /// The day at whose end the closing balances are.
    pub closed: Date,
}

/// A part of an account, in all of its currencies.
pub(super) struct OwnedAccount {
    pub code: String,
    pub owner: String,
    pub currencies: Vec<String>,
}

/// What a part of an account comes to.
pub(super) struct OwnedBalance {
    pub code: String,
    pub owner: String,
    pub currency: String,
    pub balance: Amount,
    /// The same with the parts of all owners, where it is the entity's own part.
    pub with_parts: Amount,
}

/// An entry.
pub(in crate::resources::ledger) struct JournalEntry {
    pub sequence: i64,
    pub effective: Date,
    pub rule: String,
    pub rule_version: i16,
    pub event: Option<i64>,
    /// When the event happened.
    pub at: Option<Timestamp>,
    pub contract: Option<Uuid>,
    pub box_id: Option<Uuid>,
    /// What it corrects.
    pub corrects: Option<String>,
    pub hash: String,
    /// What people said of it, where people entered it.
    pub manual: Option<ManualEntry>,
    pub lines: Vec<JournalLine>,
}

/// What people said of an entry.
pub(in crate::resources::ledger) struct ManualEntry {
    pub entered_by: String,
    /// Empty where it takes one person.
    pub approved_by: String,
    /// Empty where nothing was said.
    pub text: String,
}

impl JournalEntry {
    /// The rule with its version.
    pub fn rule(&self) -> String {
        format!("{}.{}", self.rule, self.rule_version)
    }
}

/// A line of an entry.
pub(in crate::resources::ledger) struct JournalLine {
    /// Its place in the entry, from 0.
    pub line: i32,
    pub code: String,
    pub owner: String,
    pub amount: Amount,
    pub currency: String,
    pub contract: Option<Uuid>,
}

/// How a journal is written. A form that does not say what accounts there are and what they come to need not.
pub(super) trait JournalForm: Send + Sync {
    /// Whether it says what accounts there are, and what they have at the beginning and the end.
    fn has_balances(&self) -> bool {
        false
    }

    /// What comes first.
    fn head(&self, scope: &ExportScope) -> Result<String, Problem>;

    /// An account that there is.
    fn account(&self, _scope: &ExportScope, _account: &OwnedAccount) -> Result<String, Problem> {
        Ok(String::new())
    }

    /// What an account had before the span; never nothing.
    fn opening(&self, _scope: &ExportScope, _balance: &OwnedBalance) -> Result<String, Problem> {
        Ok(String::new())
    }

    /// An entry.
    fn entry(&self, scope: &ExportScope, entry: &JournalEntry) -> Result<String, Problem>;

    /// What an account has at the end of the span.
    fn closing(&mut self, _scope: &ExportScope, _balance: &OwnedBalance) -> Result<String, Problem> {
        Ok(String::new())
    }
}

/// An export that is yet to be read.
pub(super) struct Export {
    book: i32,
    scope: ExportScope,
    form: Box<dyn JournalForm>,
}

impl Export {
    /// Finds out what there is to export.
    pub async fn prepare(
        snapshot: &Snapshot,
        (book, entity): (i32, String),
        span: DaySpan,
        form: Box<dyn JournalForm>,
    ) -> Result<Self, Problem> {
        let statement = "SELECT min(effective), max(effective), \
                         (SELECT coalesce(array_agg(DISTINCT currency ORDER BY currency), '{}') FROM accounts WHERE book = $1) \
                         FROM entries WHERE book = $1 AND ($2::date IS NULL OR effective >= $2) AND ($3::date IS NULL OR effective <= $3)";
        let row = snapshot.client().query_one(statement, &[&book, &span.from, &span.to]).await?;
        let (first, last): (Option<Date>, Option<Date>) = (row.get(0), row.get(1));
        let before = span.from.map(|from| from.yesterday().unwrap_or(from).max(DAYS.0));
        let opened = before.or(first).or(span.to).unwrap_or(DAYS.0);
        let closed = span.to.or(last).unwrap_or(opened).max(opened);
        let sequence = snapshot.sequence();
        let scope = ExportScope { entity, span, sequence, currencies: row.get(2), opened, closed };
        Ok(Self { book, scope, form })
    }

    /// What a file of it may be called: as the Audit Data Standards have it, with the span's first and last day.
    pub fn name(&self) -> String {
        let ExportScope { entity, span, opened, closed, .. } = &self.scope;
        let day = |day: Date| day.strftime("%Y%m%d").to_string();
        format!("GL_Detail_{}_{}_{}", entity.replace(':', "-"), day(span.from.unwrap_or(*opened)), day(*closed))
    }

    async fn accounts(&self, snapshot: &Snapshot, sheet: &mut Sheet) -> Result<(), Interrupted> {
        let statement = "SELECT code, owner, array_agg(currency ORDER BY currency) FROM accounts WHERE book = $1 \
                         GROUP BY code, owner ORDER BY code, owner";
        let mut rows = snapshot.rows(statement, &[&self.book]).await?;
        while let Some(row) = rows.try_next().await? {
            let account = OwnedAccount { code: row.get(0), owner: row.get(1), currencies: row.get(2) };
            sheet.write(self.form.account(&self.scope, &account)?).await?;
        }
        Ok(())
    }

    async fn openings(&self, snapshot: &Snapshot, sheet: &mut Sheet) -> Result<(), Interrupted> {
        let Some(from) = self.scope.span.from else { return Ok(()) };
        let mut rows = snapshot.rows(&balances("e.effective < $2"), &[&self.book, &from]).await?;
        while let Some(row) = rows.try_next().await? {
            let balance = OwnedBalance::of_row(&row)?;
            if !balance.balance.is_zero() {
                sheet.write(self.form.opening(&self.scope, &balance)?).await?;
            }
        }
        Ok(())
    }

    async fn closings(&mut self, snapshot: &Snapshot, sheet: &mut Sheet) -> Result<(), Interrupted> {
        let statement = balances("$2::date IS NULL OR e.effective <= $2");
        let mut rows = snapshot.rows(&statement, &[&self.book, &self.scope.span.to]).await?;
        while let Some(row) = rows.try_next().await? {
            sheet.write(self.form.closing(&self.scope, &OwnedBalance::of_row(&row)?)?).await?;
        }
        Ok(())
    }

    async fn entries(&self, snapshot: &Snapshot, sheet: &mut Sheet) -> Result<(), Interrupted> {
        let DaySpan { from, to } = self.scope.span;
        let statement = "SELECT e.sequence, e.effective, e.rule, e.rule_version, e.event, v.at, e.contract, e.box, \
                         encode(e.hash, 'hex'), l.line, a.code, a.owner, l.amount, a.currency, l.contract, \
                         e.corrects, v.type, v.version, \
                         CASE WHEN l.line = 0 AND v.type = ANY($4) THEN v.content::text END \
                         FROM entries e JOIN lines l ON l.book = e.book AND l.entry = e.sequence \
                         JOIN accounts a ON a.id = l.account LEFT JOIN events v ON v.sequence = e.event \
                         WHERE e.book = $1 AND ($2::date IS NULL OR e.effective >= $2) \
                         AND ($3::date IS NULL OR e.effective <= $3) ORDER BY e.sequence, l.line";
        let mut rows = snapshot.rows(statement, &[&self.book, &from, &to, &Event::entered_types()]).await?;
        // One entry at a time: it is written when the next one begins.
        let mut entry: Option<JournalEntry> = None;
        while let Some(row) = rows.try_next().await? {
            let sequence: i64 = row.get(0);
            if let Some(whole) = entry.take_if(|entry| entry.sequence != sequence) {
                sheet.write(self.form.entry(&self.scope, &whole)?).await?;
            }
            let line = JournalLine::of_row(&row)?;
            let entry = match &mut entry {
                Some(entry) => entry,
                none => none.insert(JournalEntry::of_row(&row)?),
            };
            entry.lines.push(line);
        }
        match entry {
            Some(last) => sheet.write(self.form.entry(&self.scope, &last)?).await,
            None => Ok(()),
        }
    }
}

impl Report for Export {
    async fn write(mut self, snapshot: &Snapshot, sheet: &mut Sheet) -> Result<(), Interrupted> {
        sheet.write(self.form.head(&self.scope)?).await?;
        if self.form.has_balances() {
            self.accounts(snapshot, sheet).await?;
            self.openings(snapshot, sheet).await?;
        }
        self.entries(snapshot, sheet).await?;
        if self.form.has_balances() {
            self.closings(snapshot, sheet).await?;
        }
        Ok(())
    }
}

/// What every part of every account comes to by those of its lines whose entries are `counted`.
fn balances(counted: &str) -> String {
    format!(
        "SELECT code, owner, currency, balance, \
         CASE owner WHEN '' THEN sum(balance) OVER (PARTITION BY code, currency) ELSE balance END \
         FROM (SELECT a.code, a.owner, a.currency, coalesce(sum(l.amount) FILTER (WHERE {counted}), 0) AS balance \
               FROM accounts a LEFT JOIN lines l ON l.account = a.id \
               LEFT JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
               WHERE a.book = $1 GROUP BY a.id) AS parts \
         ORDER BY code, owner, currency"
    )
}

impl OwnedBalance {
    fn of_row(row: &Row) -> Result<Self, Problem> {
        Ok(Self {
            code: row.get(0),
            owner: row.get(1),
            currency: row.get(2),
            balance: amount(row.get::<_, Decimal>(3))?,
            with_parts: amount(row.get::<_, Decimal>(4))?,
        })
    }
}

impl JournalEntry {
    /// The entry of the row of its first line, without its lines.
    fn of_row(row: &Row) -> Result<Self, Problem> {
        Ok(Self {
            sequence: row.get(0),
            effective: row.get(1),
            rule: row.get(2),
            rule_version: row.get(3),
            event: row.get(4),
            at: row.get(5),
            contract: row.get(6),
            box_id: row.get(7),
            corrects: row.get(15),
            hash: row.get(8),
            manual: ManualEntry::of_event(row.get(16), row.get(17), row.get(18))?,
            lines: Vec::new(),
        })
    }
}

impl ManualEntry {
    /// What people said of an event, by its type, version and content; none where it happened by itself.
    fn of_event(name: Option<&str>, version: Option<i16>, content: Option<&str>) -> Result<Option<Self>, Problem> {
        let (Some(name), Some(version), Some(content)) = (name, version, content) else { return Ok(None) };
        // Decoded here: the database reads nothing out of a content that has an escaped NUL somewhere.
        let version = u16::try_from(version).map_err(|error| Problem::internal(&error))?;
        let event = Event::decode(name, version, content.as_bytes()).map_err(|error| Problem::internal(&error))?;
        Ok(event.entered().map(|entered| Self {
            entered_by: entered.by.to_string(),
            approved_by: entered.approved_by.map(|by| by.to_string()).unwrap_or_default(),
            text: entered.text.map(ToString::to_string).unwrap_or_default(),
        }))
    }
}

impl JournalLine {
    fn of_row(row: &Row) -> Result<Self, Problem> {
        Ok(Self {
            line: row.get(9),
            code: row.get(10),
            owner: row.get(11),
            amount: amount(row.get(12))?,
            currency: row.get(13),
            contract: row.get(14),
        })
    }
}
