//! The lender's statement of a determination date.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use ledger::{BoxId, Day};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use wire::problem::ProblemBody;

use super::seen;
use crate::auth::{BoxReader, Caller};
use crate::boxes::LenderStatement;
use crate::problem::Problem;
use crate::request::{CSV_TYPE, SEQUENCE_HEADER, answer};

/// Which statement, and how it is told.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatementQuery {
    /// The determination date of a run that stands; that of the latest when not given.
    #[param(value_type = Option<String>, format = Date)]
    date: Option<Day>,
    /// `json`, `csv` or `html`, a page to print; `json` when not given.
    #[serde(default)]
    format: StatementFormat,
}

/// How a statement is told.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatementFormat {
    /// An object.
    #[default]
    Json,
    /// A row for each amount or test.
    Csv,
    /// A page to print.
    Html,
}

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
    let statement = run.and_then(|run| LenderStatement::of(id, record, run));
    let statement = statement.ok_or_else(|| Problem::not_found("waterfall run"))?;
    let text = |media_type: &'static str, text: anyhow::Result<String>| {
        let text = text.map_err(|error| Problem::internal(&error))?;
        let sequence = exchange.sequence().to_string();
        Ok(HttpResponse::Ok().insert_header((SEQUENCE_HEADER, sequence)).content_type(media_type).body(text))
    };
    match query.format {
        StatementFormat::Json => Ok(answer(HttpResponse::Ok(), exchange.sequence(), &statement)),
        StatementFormat::Csv => text(CSV_TYPE, statement.to_csv()),
        StatementFormat::Html => text("text/html; charset=utf-8", statement.to_html()),
    }
}
