//! Statements of accounts: what an account had, every line since, the balance after each, and what it has at the end.

mod body;
mod form;

use actix_web::{HttpResponse, HttpResponseBuilder};
use futures::TryStreamExt as _;
use infra::reports::{BookId, Snapshot, StatementSection};
use wire::ledger::statements::{ScopeBody, StatementFormat, StatementScopeBody};

use self::body::{opening_body, statement_line_body};
use self::form::Form;
pub(super) use self::form::statement_format;
use super::streaming::{Interrupted, Reading, Report, Sheet, stream};
use crate::request::CSV_TYPE;

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
    pub book: BookId,
    pub frame: Frame,
    pub sections: Vec<StatementSection>,
    pub format: StatementFormat,
}

impl Statement {
    /// An answer that is the statement.
    pub fn answer(self, mut answer: HttpResponseBuilder, reading: Reading) -> HttpResponse {
        answer.content_type(match self.format {
            StatementFormat::Json => "application/json",
            StatementFormat::Csv => CSV_TYPE,
        });
        stream(answer, reading, self)
    }

    /// Reads a section's lines and writes each, with what it has before and after them.
    async fn section(
        &self,
        snapshot: &Snapshot,
        section: &StatementSection,
        sheet: &mut Sheet,
        form: &mut Form,
    ) -> Result<(), Interrupted> {
        let (scope, opening) = (self.frame.scope(), opening_body(section));
        sheet.write(form.opening(&opening, scope)?).await?;
        let mut balance = section.opening;
        let mut lines = section.lines(snapshot, self.book, scope.from, scope.to).await?;
        while let Some(line) = lines.try_next().await? {
            balance += line.amount;
            sheet.write(form.line(&opening, &statement_line_body(line, &scope.entity, balance))?).await?;
        }
        sheet.write(form.closing(&opening, scope, balance)).await
    }
}

impl Report for Statement {
    async fn write(self, snapshot: &Snapshot, sheet: &mut Sheet) -> Result<(), Interrupted> {
        let is_account = matches!(self.frame, Frame::Account(_));
        let mut form = Form { format: self.format, is_account, sections: 0, lines: 0 };
        sheet.write(form.head(&self.frame)?).await?;
        for section in &self.sections {
            self.section(snapshot, section, sheet, &mut form).await?;
        }
        sheet.write(form.tail()).await
    }
}
