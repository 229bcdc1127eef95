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
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
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

/// The form of an export.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// A line of an entry per record, with the columns of the Audit Data Standards.
    Csv,
    /// An entry per line, as `GET /v1/ledger/entries` shows it.
    Jsonl,
    /// A journal for hledger.
    Hledger,
    /// A ledger for Beancount.
    Beancount,
}

impl ExportFormat {
    fn form(self) -> Box<dyn JournalForm> {
        match self {
            Self::Csv => Box::new(AuditData),
            Self::Jsonl => Box::new(JsonLines),
            Self::Hledger => Box::new(Hledger::default()),
            Self::Beancount => Box::new(Beancount),
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => CSV_TYPE,
            Self::Jsonl => "application/jsonl",
            Self::Hledger | Self::Beancount => "text/plain; charset=utf-8",
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Hledger => "journal",
            Self::Beancount => "beancount",
        }
    }
}

/// Which export.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// The entity: `operator`.
    #[param(example = "operator")]
    pub(crate) entity: String,
    /// The form.
    #[param(inline)]
    pub(crate) format: ExportFormat,
    /// The first day. What came before is in opening balances in the forms of plain-text accounting, and left out of the others.
    #[param(value_type = Option<String>, format = Date)]
    pub(crate) from: Option<Date>,
    /// The last day.
    #[param(value_type = Option<String>, format = Date)]
    pub(crate) to: Option<Date>,
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
    let book = found_book(book_of(reading.snapshot.client(), &entity).await?, &entity)?;
    let journal = JournalOf { book, from: span.from, to: span.to };
    let export = Export::prepare(&reading.snapshot, journal, entity, format.form()).await?;
    let name = format!("{}.{}", export.name(), format.extension());
    let mut answer = HttpResponse::Ok();
    answer.content_type(format.content_type());
    answer.insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
    Ok(stream(answer, reading, export))
}
