//! Statements of accounts: what an account had, every line since, the balance after each, and what it has at the end.

mod body;
mod form;

use actix_web::{HttpResponse, HttpResponseBuilder};
use futures::TryStreamExt as _;
use ledger::Amount;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

pub use self::body::{
    AccountLinesBody, AccountStatementBody, OpeningBody, ScopeBody, StatementBody, StatementLineBody,
    StatementScopeBody,
};
use self::form::Form;
pub use self::form::StatementFormat;
use super::day_span::DaySpan;
use super::streaming::{Interrupted, Report, Sheet, Snapshot, stream};
use crate::problem::Problem;
use crate::request::CSV_TYPE;
use crate::wire::amount;

/// An account, or part of one, whose lines are listed.
pub(super) struct Section {
    /// Where it begins.
    pub opening: OpeningBody,
    /// Only lines that concern this contract.
    pub contract: Option<Uuid>,
}

/// What is around the sections.
pub(super) enum Frame {
    /// Nothing: the one section is the statement.
    Account(ScopeBody),
    /// An owner's accounts.
    Owner(StatementScopeBody),
}

impl Frame {
    fn scope(&self) -> &ScopeBody {
        match self {
            Self::Account(scope) => scope,
            Self::Owner(of) => &of.scope,
        }
    }
}

/// A statement that is yet to be read.
pub(super) struct Statement {
    pub book: i32,
    pub frame: Frame,
    pub sections: Vec<Section>,
    pub format: StatementFormat,
}

/// The lines of one contract: each names it, or its entry does for all of its own.
const LINES_OF_CONTRACT: &str = "(SELECT * FROM lines WHERE contract = $7 UNION ALL \
     SELECT of_entry.* FROM entries whole JOIN lines of_entry ON of_entry.book = whole.book AND of_entry.entry = whole.sequence \
     WHERE whole.contract = $7 AND of_entry.contract IS NULL)";

fn lines_in_order(of_contract: bool) -> String {
    let source = if of_contract { LINES_OF_CONTRACT } else { "lines" };
    format!(
        "SELECT e.effective, e.sequence, l.line, e.rule || '.' || e.rule_version, e.event, a.owner, \
         coalesce(l.contract, e.contract), l.amount \
         FROM {source} l JOIN accounts a ON a.id = l.account \
         JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
         WHERE l.book = $1 AND a.code = $2 AND a.currency = $3 AND ($4::text IS NULL OR a.owner = $4) \
         AND ($5::date IS NULL OR e.effective >= $5) AND ($6::date IS NULL OR e.effective <= $6) \
         ORDER BY e.effective, e.sequence, l.line"
    )
}

/// An owner's accounts with their balances before `from`; of a contract's lines only, where one is given.
pub(super) async fn sections_of(
    client: &Client,
    (book, owner, contract): (i32, &str, Option<Uuid>),
    span: DaySpan,
) -> Result<Vec<Section>, Problem> {
    let rows = match contract {
        None => {
            let statement = "SELECT a.code, a.currency, CASE WHEN $3::date IS NULL THEN 0 ELSE \
                             (SELECT coalesce(sum(l.amount), 0) FROM lines l \
                              JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
                              WHERE l.account = a.id AND e.effective < $3) END \
                             FROM accounts a WHERE a.book = $1 AND a.owner = $2 ORDER BY a.code, a.currency";
            client.query(statement, &[&book, &owner, &span.from]).await?
        }
        Some(contract) => {
            let source = LINES_OF_CONTRACT.replace("$7", "$4");
            let statement = format!(
                "SELECT a.code, a.currency, coalesce(sum(l.amount) FILTER (WHERE e.effective < $3), 0) \
                 FROM {source} l JOIN accounts a ON a.id = l.account \
                 JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
                 WHERE l.book = $1 AND a.owner = $2 GROUP BY a.code, a.currency ORDER BY a.code, a.currency"
            );
            client.query(&statement, &[&book, &owner, &span.from, &contract]).await?
        }
    };
    let section = |row: &Row| {
        let opening = OpeningBody {
            account: row.get(0),
            owner: Some(owner.to_owned()),
            currency: row.get(1),
            opening: amount(row.get(2))?,
        };
        Ok(Section { opening, contract })
    };
    rows.iter().map(section).collect()
}

impl Statement {
    /// An answer that is the statement.
    pub fn answer(self, mut answer: HttpResponseBuilder, snapshot: Snapshot) -> HttpResponse {
        answer.content_type(match self.format {
            StatementFormat::Json => "application/json",
            StatementFormat::Csv => CSV_TYPE,
        });
        stream(answer, snapshot, self)
    }

    /// Reads a section's lines and writes each; answers the balance after the last.
    async fn lines(
        &self,
        snapshot: &Snapshot,
        section: &Section,
        sheet: &mut Sheet,
        form: &mut Form,
    ) -> Result<Amount, Interrupted> {
        let Section { opening, contract } = section;
        let scope = self.frame.scope();
        let statement = lines_in_order(contract.is_some());
        let mut parameters: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> =
            vec![&self.book, &opening.account, &opening.currency, &opening.owner, &scope.from, &scope.to];
        if let Some(contract) = contract {
            parameters.push(contract);
        }
        let mut rows = snapshot.rows(&statement, &parameters).await?;
        let mut balance = opening.opening;
        while let Some(row) = rows.try_next().await? {
            let moved = amount(row.get(7))?;
            balance += moved;
            let line = StatementLineBody {
                effective_date: row.get(0),
                entry: format!("{}:{}", scope.entity, row.get::<_, i64>(1)),
                line: row.get(2),
                rule: row.get(3),
                event: row.get(4),
                owner: row.get(5),
                contract: row.get(6),
                amount: moved,
                balance,
            };
            sheet.write(form.line(opening, &line)?).await?;
        }
        Ok(balance)
    }
}

impl Report for Statement {
    async fn write(self, snapshot: &Snapshot, sheet: &mut Sheet) -> Result<(), Interrupted> {
        let is_account = matches!(self.frame, Frame::Account(_));
        let mut form = Form { format: self.format, is_account, sections: 0, lines: 0 };
        sheet.write(form.head(&self.frame)?).await?;
        for section in &self.sections {
            sheet.write(form.opening(&section.opening, self.frame.scope())?).await?;
            let closing = self.lines(snapshot, section, sheet, &mut form).await?;
            sheet.write(form.closing(&section.opening, self.frame.scope(), closing)).await?;
        }
        sheet.write(form.tail()).await
    }
}
