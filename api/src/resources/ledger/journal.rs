//! The entries of a span of days with the balances at its ends, in whatever form.

use futures::TryStreamExt as _;
use infra::reports::{ExportedEntry, JournalExtent, JournalOf, OwnedAccount, OwnedBalance, Snapshot};
use jiff::civil::Date;

use crate::problem::Problem;
use crate::resources::ledger::day_span::DaySpan;
use crate::resources::ledger::streaming::{Interrupted, Report, Sheet};

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
    fn entry(&self, scope: &ExportScope, entry: &ExportedEntry) -> Result<String, Problem>;

    /// What an account has at the end of the span.
    fn closing(&mut self, _scope: &ExportScope, _balance: &OwnedBalance) -> Result<String, Problem> {
        Ok(String::new())
    }
}

/// An export that is yet to be read.
pub(super) struct Export {
    journal: JournalOf,
    scope: ExportScope,
    form: Box<dyn JournalForm>,
}

impl Export {
    /// Finds out what there is to export.
    pub async fn prepare(
        snapshot: &Snapshot,
        journal: JournalOf,
        entity: String,
        form: Box<dyn JournalForm>,
    ) -> Result<Self, Problem> {
        let JournalExtent { first, last, currencies } = journal.extent(snapshot.client()).await?;
        let span = DaySpan { from: journal.from, to: journal.to };
        let before = span.from.map(|from| from.yesterday().unwrap_or(from).max(DAYS.0));
        let opened = before.or(first).or(span.to).unwrap_or(DAYS.0);
        let closed = span.to.or(last).unwrap_or(opened).max(opened);
        let scope = ExportScope { entity, span, sequence: snapshot.sequence(), currencies, opened, closed };
        Ok(Self { journal, scope, form })
    }

    /// What a file of it may be called: as the Audit Data Standards have it, with the span's first and last day.
    pub fn name(&self) -> String {
        let ExportScope { entity, span, opened, closed, .. } = &self.scope;
        let day = |day: Date| day.strftime("%Y%m%d").to_string();
        format!("GL_Detail_{}_{}_{}", entity.replace(':', "-"), day(span.from.unwrap_or(*opened)), day(*closed))
    }

    async fn accounts(&self, snapshot: &Snapshot, sheet: &mut Sheet) -> Result<(), Interrupted> {
        let mut accounts = self.journal.accounts(snapshot).await?;
        while let Some(account) = accounts.try_next().await? {
            sheet.write(self.form.account(&self.scope, &account)?).await?;
        }
        Ok(())
    }

    async fn openings(&self, snapshot: &Snapshot, sheet: &mut Sheet) -> Result<(), Interrupted> {
        let mut openings = self.journal.openings(snapshot).await?;
        while let Some(balance) = openings.try_next().await? {
            sheet.write(self.form.opening(&self.scope, &balance)?).await?;
        }
        Ok(())
    }

    async fn entries(&self, snapshot: &Snapshot, sheet: &mut Sheet) -> Result<(), Interrupted> {
        let mut entries = self.journal.entries(snapshot).await?;
        while let Some(entry) = entries.try_next().await? {
            sheet.write(self.form.entry(&self.scope, &entry)?).await?;
        }
        Ok(())
    }

    async fn closings(&mut self, snapshot: &Snapshot, sheet: &mut Sheet) -> Result<(), Interrupted> {
        let mut closings = self.journal.closings(snapshot).await?;
        while let Some(balance) = closings.try_next().await? {
            sheet.write(self.form.closing(&self.scope, &balance)?).await?;
        }
        Ok(())
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
