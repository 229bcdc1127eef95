//! The lender's statement of a determination date.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use ledger::BoxId;
use uuid::Uuid;
use wire::boxes::statement::{LenderStatement, StatementFormat, StatementQuery};
use wire::problem::ProblemBody;

use super::seen;
use crate::auth::{BoxReader, Caller};
use crate::boxes::{lender_statement, lender_statement_csv, lender_statement_html};
use crate::problem::Problem;
use crate::request::{CSV_TYPE, SEQUENCE_HEADER, answer};

/// What came in by a determination date, who was paid, what is owed and kept, and the covenants.
#[utoipa::path(
    operation_id = "get_lender_statement",
    tag = "boxes",
    security(("oauth2" = ["provider"]), ("oauth2" = ["lender"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(("box" = Uuid, Path, description = "The box's id"), StatementQuery),
    responses(
        (status = 200, description = "The statement", content((LenderStatement = "application/json"), (String = "text/csv"), (String = "text/html"))),
        (status = 404, description = "No such box, or no such run", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/boxes/{box}/statement")]
pub async fn show(
    caller: Caller<BoxReader>,
    id: web::Path<Uuid>,
    query: web::Query<StatementQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let exchange = node.view.read();
    let id = BoxId::new(id.into_inner());
    let record = seen(&exchange, &caller, id)?;
    let runs = record.life.as_ref().map_or(&[][..], |life| &life.runs);
    let run = match query.date {
        Some(date) => runs.iter().find(|run| run.content.run.date == date),
        None => runs.last(),
    };
    let statement = run.and_then(|run| lender_statement(id, record, run));
    let statement = statement.ok_or_else(|| Problem::not_found("waterfall run"))?;
    let text = |media_type: &'static str, text: anyhow::Result<String>| {
        let text = text.map_err(|error| Problem::internal(&error))?;
        let sequence = exchange.sequence().to_string();
        Ok(HttpResponse::Ok().insert_header((SEQUENCE_HEADER, sequence)).content_type(media_type).body(text))
    };
    match query.format {
        StatementFormat::Json => Ok(answer(HttpResponse::Ok(), exchange.sequence(), &statement)),
        StatementFormat::Csv => text(CSV_TYPE, lender_statement_csv(&statement)),
        StatementFormat::Html => text("text/html; charset=utf-8", lender_statement_html(&statement)),
    }
}
