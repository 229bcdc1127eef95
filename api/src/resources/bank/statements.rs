//! Bank statements: the files that banks send.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _, get, post, web};
use bank_files::{self, BankFileFormat, FILE_BYTES_MAX};
use infra::node::Node;
use infra::sequencer::SubmitError;
use ledger::{BankStatement, StatementId};
use matching::{BankLineId, Event, Exchange, Instruction, StatementImported};
use uuid::Uuid;
use wire::bank::statements::{FormatQuery, ImportBody, ImportedBody, StatementBody};
use wire::problem::ProblemBody;

use super::bank_line_body;
use crate::auth::{Caller, FinanceOnly, Financial};
use crate::problem::{Problem, ProblemCode};
use crate::request::{answer, read_body};
use crate::resources::unexpected_receipt;

fn statement_body(exchange: &Exchange, imported: &StatementImported) -> StatementBody {
    let id = imported.statement;
    let (first, last) = (BankLineId { statement: id, line: 0 }, BankLineId { statement: id, line: u32::MAX });
    let unexplained = exchange.bank().lines.range(first..=last);
    StatementBody {
        id: id.uuid(),
        account: imported.account,
        currency: imported.currency,
        statement: imported.number.to_string(),
        opening: imported.opening,
        closing: imported.closing,
        closing_date: imported.day,
        lines: imported.lines,
        unexplained: unexplained.map(|(id, line)| bank_line_body(id, line)).collect(),
    }
}

/// Import the statements of a file from the bank, as the body. They are taken in one after the other, each for itself: it must add up to
/// the micro-unit and open with what the account's last one closed with. What explains itself of its lines is reconciled at once.
#[utoipa::path(
    operation_id = "import_bank_statements",
    tag = "finance",
    security(("oauth2" = ["finance"])),
    params(FormatQuery),
    request_body(content = String, description = "camt.053, MT940, BAI2 or CSV", content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "Every statement was imported", body = ImportBody),
        (status = 207, description = "Some were, some were not", body = ImportBody),
        (status = "4XX", description = "None was", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/bank-statements")]
pub async fn import(
    _caller: Caller<FinanceOnly>,
    request: HttpRequest,
    query: web::Query<FormatQuery>,
    body: web::Payload,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let format = format_of(&request, query.format.as_deref())?;
    let bytes = read_body(&request, body.into_inner(), FILE_BYTES_MAX, file_too_large).await?;
    let read =
        web::block(move || bank_files::statements(&bytes, format)).await.map_err(|error| Problem::internal(&error))?;
    let statements =
        read.map_err(|error| Problem::new(ProblemCode::StatementUnreadable, format!("{error} ({}).", error.code())))?;
    let mut imported = Vec::with_capacity(statements.len());
    for statement in statements {
        imported.push(take_in(&node, statement).await);
    }
    let sequence = node.log.head();
    let all = imported.iter().all(Result::is_ok);
    if !all && imported.iter().all(Result::is_err) {
        return Err(imported.into_iter().find_map(Result::err).unwrap_or_else(unexpected_receipt));
    }
    let data = imported.into_iter().map(|outcome| match outcome {
        Ok(statement) => ImportedBody { status: 201, statement: Some(statement), problem: None },
        Err(problem) => {
            ImportedBody { status: problem.status_code().as_u16(), statement: None, problem: Some(problem.body()) }
        }
    });
    let builder = if all { HttpResponse::Created() } else { HttpResponse::MultiStatus() };
    Ok(answer(builder, sequence, &ImportBody { data: data.collect() }))
}

/// Imports one statement.
async fn take_in(node: &Node, statement: BankStatement) -> Result<StatementBody, Problem> {
    let submitted: Result<_, SubmitError> =
        node.sequencer.submit(Instruction::ImportStatement(Box::new(statement)), None).await;
    let receipt = submitted?;
    let imported = receipt.rows.iter().find_map(|row| match &row.record.event {
        Event::StatementImported(imported) => Some(imported),
        _ => None,
    });
    Ok(statement_body(&node.view.read(), imported.ok_or_else(unexpected_receipt)?))
}

/// The format that a query or a content type names; none where the file is to tell.
fn format_of(request: &HttpRequest, named: Option<&str>) -> Result<Option<BankFileFormat>, Problem> {
    if let Some(name) = named {
        return name.parse().map(Some).map_err(|error| Problem::new(ProblemCode::InvalidQuery, format!("{error}.")));
    }
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = content_type.split(';').next().unwrap_or("").trim();
    Ok(match essence {
        "text/csv" => Some(BankFileFormat::Csv),
        "application/xml" | "text/xml" => Some(BankFileFormat::Camt053),
        _ => None,
    })
}

fn file_too_large() -> Problem {
    let detail = format!("A file of statements is at most {} MiB.", FILE_BYTES_MAX >> 20);
    Problem::new(ProblemCode::BodyTooLarge, detail)
}

/// A bank statement, with what is not explained of it.
#[utoipa::path(
    operation_id = "get_bank_statement",
    tag = "finance",
    security(("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(("statement" = Uuid, Path, description = "The statement's id")),
    responses(
        (status = 200, description = "The statement", body = StatementBody),
        (status = 404, description = "No such statement", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/bank-statements/{statement}")]
pub async fn show(
    _caller: Caller<Financial>,
    statement: web::Path<Uuid>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let id = StatementId::new(*statement);
    let exchange = node.view.read();
    let imported = exchange.bank().accounts.values().flat_map(|account| &account.statements);
    let imported = imported.into_iter().find(|imported| imported.statement == id);
    let imported = imported.ok_or_else(|| Problem::not_found("bank statement"))?;
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &statement_body(&exchange, imported)))
}
