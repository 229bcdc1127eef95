//! The waterfall runs of a box.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::node::Node;
use ledger::deal::{ItemAmount, Run};
use ledger::{Amount, BoxId, ClientId, Day, Instant, ItemName};
use matching::{Event, Instruction, StandingRun, WaterfallRun};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use wire::page::Page;
use wire::problem::ProblemBody;

use super::{BoxBody, seen};
use crate::auth::{BoxReader, Caller, FinanceOnly};
use crate::label::label;
use crate::problem::Problem;
use crate::request::{JsonBody, PageSpan, answer, position};
use crate::resources::{submit, unexpected_receipt};

/// A waterfall run to be started.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRunBody {
    /// The box's next determination date, which has come.
    #[schema(value_type = String, format = Date)]
    determination_date: Day,
    /// What the sponsor repays on it before it is due, beyond what the run pays.
    #[serde(default)]
    prepayments: Vec<PrepaymentBody>,
}

/// Debt that is repaid before it is due.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrepaymentBody {
    /// The facility.
    #[schema(value_type = String)]
    facility: ItemName,
    /// How much, no more than is owed after the run and not overdue.
    #[schema(value_type = String)]
    amount: Amount,
}

/// A waterfall run to be reversed.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReversalBody {
    /// The determination date of the latest run.
    #[schema(value_type = String, format = Date)]
    determination_date: Day,
    /// Why, 1 to 120 characters.
    reason: String,
}

/// A waterfall run that stands.
#[derive(Serialize, ToSchema)]
pub struct RunBody {
    /// Its determination date.
    #[schema(value_type = String, format = Date)]
    determination_date: Day,
    /// The version of the deal that it follows.
    version: u32,
    /// The event whose entries it is: `GET /v1/ledger/entries?event=…`.
    sequence: u64,
    /// When it was started.
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    /// The client that started it; null where it started by itself.
    #[schema(value_type = Option<String>)]
    by: Option<ClientId>,
    /// What was owed after it.
    #[schema(value_type = String)]
    debt: Amount,
    /// What was collected, drawn from reserves and released; what each step was due and got; the covenants; where the box stood after it.
    #[schema(value_type = Object)]
    run: Run,
    /// What the sponsor repaid beyond it.
    prepayments: Vec<PrepaymentBody>,
}

impl RunBody {
    /// The run that an event recorded.
    fn of(sequence: u64, at: Instant, content: &WaterfallRun) -> Self {
        let WaterfallRun { version, by, run, prepaid, .. } = content;
        let prepaid_sum: Amount = prepaid.iter().map(|item| item.amount).sum();
        let (determination_date, debt) = (run.date, run.after.debt() - prepaid_sum);
        let prepayment = |item: &ItemAmount| PrepaymentBody { facility: item.name, amount: item.amount };
        let prepayments = prepaid.iter().map(prepayment).collect();
        Self { determination_date, version: *version, sequence, at, by: *by, debt, run: (**run).clone(), prepayments }
    }
}

/// Pay a box's cash out for its next determination date: what became due is taken up, and all that was collected by that date is paid
/// out in the order of the deal, in one entry; what the sponsor prepays on the date goes with it.
#[utoipa::path(
    operation_id = "run_waterfall",
    tag = "boxes",
    security(("oauth2" = ["finance"])),
    params(
        ("box" = Uuid, Path, description = "The box's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = NewRunBody,
    responses(
        (status = 201, description = "Paid out", body = RunBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/boxes/{box}/waterfalls")]
pub async fn pay_out(
    caller: Caller<FinanceOnly>,
    id: web::Path<Uuid>,
    request: HttpRequest,
    body: JsonBody<NewRunBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let id = BoxId::new(id.into_inner());
    seen(&node.view.read(), &caller, id)?;
    let prepaid = body.prepayments.iter().map(|item| ItemAmount { name: item.facility, amount: item.amount }).collect();
    let (date, by) = (body.determination_date, caller.client);
    let instruction = Instruction::RunWaterfall { box_id: id, date, prepaid, by };
    let content = (caller.client, id, &*body);
    let receipt = submit(&node, &request, caller.organization, &content, instruction).await?;
    let run = receipt.rows.iter().find_map(|row| match &row.record.event {
        Event::WaterfallRun(e) => Some(RunBody::of(row.record.sequence, row.record.at, e)),
        _ => None,
    });
    Ok(answer(HttpResponse::Created(), receipt.sequence, &run.ok_or_else(unexpected_receipt)?))
}

/// Reverse a box's latest waterfall run, whole: the box stands where it stood before it, and what was collected is still to be paid out.
#[utoipa::path(
    operation_id = "reverse_waterfall",
    tag = "boxes",
    security(("oauth2" = ["finance"])),
    params(
        ("box" = Uuid, Path, description = "The box's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = ReversalBody,
    responses(
        (status = 200, description = "Reversed", body = BoxBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/boxes/{box}/waterfalls/reversals")]
pub async fn reverse(
    caller: Caller<FinanceOnly>,
    id: web::Path<Uuid>,
    request: HttpRequest,
    body: JsonBody<ReversalBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let id = BoxId::new(id.into_inner());
    seen(&node.view.read(), &caller, id)?;
    let (date, reason) = (body.determination_date, label("reason", &body.reason)?);
    let instruction = Instruction::ReverseWaterfall { box_id: id, date, by: caller.client, reason };
    let content = (caller.client, id, &*body);
    let sequence = submit(&node, &request, caller.organization, &content, instruction).await?.sequence;
    Ok(answer(HttpResponse::Ok(), sequence, &BoxBody::of(&node, id, None)?))
}

/// Which runs to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RunQuery {
    /// Only that of this determination date.
    #[param(value_type = Option<String>, format = Date)]
    date: Option<Day>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
    /// Items in the page, 1 to 500; 50 when not given.
    limit: Option<u32>,
}

/// The waterfall runs of a box that stand, in the order of their dates.
#[utoipa::path(
    operation_id = "list_waterfalls",
    tag = "boxes",
    security(("oauth2" = ["provider"]), ("oauth2" = ["lender"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(("box" = Uuid, Path, description = "The box's id"), RunQuery),
    responses(
        (status = 200, description = "A page of runs", body = Page<RunBody>),
        (status = 404, description = "No such box", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/boxes/{box}/waterfalls")]
pub async fn list(
    caller: Caller<BoxReader>,
    id: web::Path<Uuid>,
    query: web::Query<RunQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    let exchange = node.view.read();
    let record = seen(&exchange, &caller, BoxId::new(id.into_inner()))?;
    let runs = record.life.as_ref().map(|life| life.runs.as_slice()).unwrap_or_default();
    // They stand in the order of their dates, one for each, and in that of their events.
    let later = runs[runs.partition_point(|run| run.sequence <= span.after_sequence())..].iter();
    let wanted = later.filter(|run| query.date.is_none_or(|date| run.content.run.date == date));
    let rows: Vec<&StandingRun> = wanted.take(span.fetch_items()).collect();
    let body = |run: &&StandingRun| Ok::<_, Problem>(RunBody::of(run.sequence, run.at, &run.content));
    let page = span.page(&rows, |run| position(run.sequence), body)?;
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &page))
}
