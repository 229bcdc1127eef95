//! Lots: the capacity that providers list.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use infra::journal::LogRow;
use infra::node::Node;
use infra::read_models::LotRecord;
use ledger::OrganizationId;
use matching::{DeliveryTerms, Exchange, Hour, Instruction, Lot, LotId, NewLot};
use uuid::Uuid;
use wire::lots::{CalendarStep, DeliveryModeBody, LotBody, NewLotBody};
use wire::page::{Page, PageQuery};
use wire::problem::ProblemBody;
use wire::window::WindowBody;

use super::{begun, submit};
use crate::auth::{Caller, ProviderOnly};
use crate::label::label;
use crate::problem::Problem;
use crate::request::{JsonBody, PageSpan, answer, await_reads};

fn delivery_mode(confirmed: bool) -> DeliveryModeBody {
    if confirmed { DeliveryModeBody::Confirmed } else { DeliveryModeBody::Automatic }
}

/// List capacity.
#[utoipa::path(
    operation_id = "register_lot",
    tag = "provider",
    security(("oauth2" = ["provider"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable")),
    request_body = NewLotBody,
    responses(
        (status = 201, description = "Listed", body = LotBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/lots")]
pub async fn register(
    caller: Caller<ProviderOnly>,
    request: HttpRequest,
    body: JsonBody<NewLotBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let instruction = lot_instruction(&body, caller.organization)?;
    let receipt = submit(&node, &request, caller.organization, &*body, instruction).await?;
    Ok(answer(HttpResponse::Created(), receipt.sequence, &lot_of_receipt(&receipt.rows)?))
}

/// What a body asks for.
pub(crate) fn lot_instruction(body: &NewLotBody, organization: OrganizationId) -> Result<Instruction, Problem> {
    Ok(Instruction::RegisterLot(NewLot {
        organization,
        market: body.market,
        gpus: body.gpus,
        window: body.window.window()?,
        fabric: label("fabric", &body.fabric)?,
        min_remnant_hours: body.min_remnant_hours,
        delivery: DeliveryTerms {
            confirmed: body.delivery == DeliveryModeBody::Confirmed,
            penalty_bps: body.penalty_bps,
            termination_outages: body
                .termination_outages
                .unwrap_or_else(|| DeliveryTerms::default().termination_outages),
        },
    }))
}

/// The lot that these events listed.
pub(crate) fn lot_of_receipt(rows: &[Arc<LogRow>]) -> Result<LotBody, Problem> {
    let listed: LotRecord = begun(rows)?;
    let free_gpus = listed.gpus;
    Ok(lot_body(listed, free_gpus))
}

/// The lot with what is free of it in a state.
pub(crate) fn standing_lot(lot: LotRecord, exchange: &Exchange) -> LotBody {
    let free_gpus = exchange.venue().lot(lot.id).map_or(0, |lot| lot.residual.min());
    lot_body(lot, free_gpus)
}

fn lot_body(lot: LotRecord, free_gpus_min: u32) -> LotBody {
    LotBody {
        id: lot.id.uuid(),
        organization: lot.organization.to_string(),
        market: lot.market.to_string(),
        gpus: lot.gpus,
        window: WindowBody { start: lot.window_start, end: lot.window_end },
        fabric: lot.fabric,
        min_remnant_hours: lot.min_remnant_hours,
        delivery: delivery_mode(lot.confirmed),
        penalty_bps: lot.penalty_bps,
        termination_outages: lot.termination_outages,
        free_gpus_min,
        status: match (lot.expired, lot.withdrawn) {
            (true, _) => "expired",
            (false, true) => "withdrawn",
            (false, false) => "listed",
        }
        .into(),
    }
}

/// The problem that an organization has no such lot.
pub(crate) fn lot_unknown() -> Problem {
    Problem::not_found("lot of your organization")
}

/// A provider's lot.
async fn read_lot(node: &Node, caller: &Caller<ProviderOnly>, lot: Uuid) -> Result<LotBody, Problem> {
    await_reads(node, None).await?;
    let lot = node.read_models.lots().find(caller.organization, LotId::new(lot)).await?;
    Ok(standing_lot(lot.ok_or_else(lot_unknown)?, &node.view.read()))
}

/// Withdraw what is not sold of a lot: its asks end, what is sold stays sold.
#[utoipa::path(
    operation_id = "withdraw_lot",
    tag = "provider",
    security(("oauth2" = ["provider"])),
    params(("lot" = Uuid, Path, description = "The lot's id")),
    responses(
        (status = 200, description = "Withdrawn", body = LotBody),
        (status = 404, description = "No such lot of yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is withdrawn already", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[delete("/lots/{lot}")]
pub async fn withdraw(
    caller: Caller<ProviderOnly>,
    lot: web::Path<Uuid>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    read_lot(&node, &caller, *lot).await?;
    let instruction = Instruction::WithdrawLot { organization: caller.organization, lot: LotId::new(*lot) };
    let sequence = node.sequencer.submit(instruction, None).await?.sequence;
    let lot = read_lot(&node, &caller, *lot).await?;
    Ok(answer(HttpResponse::Ok(), sequence, &lot))
}

/// Your lots, oldest first.
#[utoipa::path(
    operation_id = "list_lots",
    tag = "provider",
    security(("oauth2" = ["provider"])),
    params(PageQuery),
    responses((status = 200, description = "A page of lots", body = Page<LotBody>)),
)]
#[get("/lots")]
pub async fn list(
    caller: Caller<ProviderOnly>,
    query: web::Query<PageQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    await_reads(&node, query.min_sequence).await?;
    let lots = node.read_models.lots().page(caller.organization, span.after, span.fetch()).await?;
    let page = {
        let exchange = node.view.read();
        span.page_of(lots, |lot| standing_lot(lot, &exchange))
    };
    Ok(answer(HttpResponse::Ok(), node.read_models.position(), &page))
}

/// One of your lots.
#[utoipa::path(
    operation_id = "get_lot",
    tag = "provider",
    security(("oauth2" = ["provider"])),
    params(("lot" = Uuid, Path, description = "The lot's id")),
    responses(
        (status = 200, description = "The lot", body = LotBody),
        (status = 404, description = "No such lot of yours", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/lots/{lot}")]
pub async fn show(
    caller: Caller<ProviderOnly>,
    lot: web::Path<Uuid>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let lot = read_lot(&node, &caller, *lot).await?;
    Ok(answer(HttpResponse::Ok(), node.read_models.position(), &lot))
}

/// What a lot has sold and what is free, over its window.
#[utoipa::path(
    operation_id = "get_lot_calendar",
    tag = "provider",
    security(("oauth2" = ["provider"])),
    params(("lot" = Uuid, Path, description = "The lot's id")),
    responses(
        (status = 200, description = "The calendar, in order", body = Page<CalendarStep>),
        (status = 404, description = "No such lot of yours", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/lots/{lot}/calendar")]
pub async fn calendar(
    caller: Caller<ProviderOnly>,
    lot: web::Path<Uuid>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let exchange = node.view.read();
    let data = lot_calendar(&exchange, caller.organization, *lot)?;
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &Page { data, next_cursor: None }))
}

/// The calendar of an organization's listed lot, or the problem that there is none.
pub(crate) fn lot_calendar(
    exchange: &Exchange,
    seller: OrganizationId,
    lot: Uuid,
) -> Result<Vec<CalendarStep>, Problem> {
    let lot = exchange.venue().lot(LotId::new(lot)).filter(|lot| lot.seller == seller);
    lot.map(calendar_of).ok_or_else(|| Problem::not_found("listed lot of your organization"))
}

/// The hours of a lot, as far as neighbours are alike together.
fn calendar_of(lot: &Lot) -> Vec<CalendarStep> {
    let timelines = [Some(&lot.residual), Some(&lot.sold_spot), lot.withdrawn.as_ref()];
    let edges = timelines.into_iter().flatten().flat_map(|timeline| timeline.steps().map(|(step, _)| step.start()));
    let mut edges: Vec<Hour> = edges.chain(std::iter::once(lot.window.end())).collect();
    edges.sort_unstable();
    edges.dedup();
    let steps = edges.windows(2).map(|pair| CalendarStep {
        window: WindowBody { start: pair[0], end: pair[1] },
        free_gpus: lot.residual.at(pair[0]),
        sold_term: lot.sold_term(pair[0]),
        sold_spot: lot.sold_spot.at(pair[0]),
    });
    steps.collect()
}
