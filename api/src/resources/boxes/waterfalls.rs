//! The waterfall runs of a box.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::node::Node;
use ledger::deal::ItemAmount;
use ledger::{Amount, BoxId, Instant};
use matching::{Event, Instruction, PostedRun, WaterfallRun};
use uuid::Uuid;
use wire::boxes::deals::BoxBody;
use wire::boxes::waterfalls::{NewRunBody, PrepaymentBody, ReversalBody, RunBody, RunQuery};
use wire::page::Page;
use wire::problem::ProblemBody;

use super::{box_body, seen};
use crate::auth::{BoxReader, Caller, FinanceOnly};
use crate::label::label;
use crate::problem::Problem;
use crate::request::{JsonBody, PageSpan, answer, position};
use crate::resources::{submit, unexpected_receipt};

/// The run that an event recorded.
fn run_body(sequence: u64, at: Instant, content: &WaterfallRun) -> RunBody {
    let WaterfallRun { version, by, run, prepaid, .. } = content;
    let prepaid_sum: Amount = prepaid.iter().map(|item| item.amount).sum();
    let (determination_date, debt) = (run.date, run.after.debt() - prepaid_sum);
    let prepayment = |item: &ItemAmount| PrepaymentBody { facility: item.name, amount: item.amount };
    let prepayments = prepaid.iter().map(prepayment).collect();
    RunBody { determination_date, version: *version, sequence, at, by: *by, debt, run: (**run).clone(), prepayments }
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
        Event::WaterfallRun(e) => Some(run_body(row.record.sequence, row.record.at, e)),
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
    Ok(answer(HttpResponse::Ok(), sequence, &box_body(&node, id, None)?))
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
    let rows: Vec<&PostedRun> = wanted.take(span.fetch_items()).collect();
    let body = |run: &&PostedRun| Ok::<_, Problem>(run_body(run.sequence, run.at, &run.content));
    let page = span.page(&rows, |run| position(run.sequence), body)?;
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &page))
}
