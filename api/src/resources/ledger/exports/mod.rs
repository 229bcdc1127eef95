//! The general ledger as files: for auditors, for spreadsheets and scripts, and for plain-text accounting.
//!
//! - `plain_text_accounts`: what our accounts are called in plain-text accounting.
//! - `audit_data`, `json_lines`, `hledger`, `beancount`: one form each.

mod audit_data;
mod beancount;
mod hledger;
mod json_lines;
mod plain_text_accounts;

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use infra::reports::{JournalOf, book_of};
use wire::ledger::exports::{ExportFormat, ExportQuery};
use wire::problem::ProblemBody;

use self::audit_data::AuditData;
use self::beancount::Beancount;
use self::hledger::Hledger;
use self::json_lines::JsonLines;
use super::day_span::DaySpan;
use super::found_book;
use super::journal::{Export, JournalForm};
use super::streaming::{Reading, Reports, stream};
use crate::auth::{Caller, Financial};
use crate::problem::Problem;
use crate::request::CSV_TYPE;

fn journal_form(format: ExportFormat) -> Box<dyn JournalForm> {
    match format {
        ExportFormat::Csv => Box::new(AuditData),
        ExportFormat::Jsonl => Box::new(JsonLines),
        ExportFormat::Hledger => Box::new(Hledger::default()),
        ExportFormat::Beancount => Box::new(Beancount),
    }
}

const fn content_type_of(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Csv => CSV_TYPE,
        ExportFormat::Jsonl => "application/jsonl",
        ExportFormat::Hledger | ExportFormat::Beancount => "text/plain; charset=utf-8",
    }
}

const fn extension_of(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Csv => "csv",
        ExportFormat::Jsonl => "jsonl",
        ExportFormat::Hledger => "journal",
        ExportFormat::Beancount => "beancount",
    }
}

/// The general ledger as a file: `csv` with the columns of the AICPA's Audit Data Standards (`GL_Detail`), `jsonl` with an entry per
/// line, `hledger` and `beancount` with the accounts, opening balances, all entries, and assertions of the closing balances.
#[utoipa::path(
    operation_id = "export_ledger",
    tag = "finance",
    security(("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(ExportQuery),
    responses(
        (status = 200, description = "The file, streamed", content((String = "text/csv"), (String = "application/jsonl"), (String = "text/plain"))),
        (status = 404, description = "No such entity", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too many reports at a time", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/ledger/exports")]
pub async fn export(
    _caller: Caller<Financial>,
    query: web::Query<ExportQuery>,
    node: web::Data<Node>,
    reports: web::Data<Reports>,
) -> Result<HttpResponse, Problem> {
    let ExportQuery { entity, format, from, to } = query.into_inner();
    let span = DaySpan::of(from, to)?;
    let reading = Reading::begin(&node, reports.turn_of_finance().await?).await?;
    let book = found_book(book_of(reading.snapshot().client(), &entity).await?, &entity)?;
    let journal = JournalOf { book, from: span.from, to: span.to };
    let export = Export::prepare(reading.snapshot(), journal, entity, journal_form(format)).await?;
    let name = format!("{}.{}", export.name(), extension_of(format));
    let mut answer = HttpResponse::Ok();
    answer.content_type(content_type_of(format));
    answer.insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
    Ok(stream(answer, reading, export))
}
