//! Lots: the capacity that providers list.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use infra::journal::LogRow;
use infra::node::Node;
use infra::read_models::LotRecord;
use ledger::OrganizationId;
use matching::{DeliveryTerms, Exchange, Hour, Instruction, Lot, LotId, MarketId, NewLot};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wire::page::{Page, PageQuery};
use wire::problem::ProblemBody;
use wire::window::WindowBody;

use super::{begun, submit};
use crate::auth::{Caller, ProviderOnly};
use crate::label::label;
use crate::problem::Problem;
use crate::request::{JsonBody, PageSpan, answer, await_reads};

/// Capacity to be listed.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLotBody {
    /// Where it is sold.
    #[schema(value_type = String, example = "a100-80g-sxm4-ib.us-tx-1")]
    market: MarketId,
    /// How many GPUs: a multiple of the market's lot size.
    #[schema(example = 512)]
    gpus: u32,
    /// When.
    window: WindowBody,
    /// Your name for the network that the GPUs share, at most 120 characters.
    #[schema(example = "hall-3")]
    fabric: String,
    /// The shortest free run, in hours, that a term sale may leave; any when 0. Sales by the hour do not mind it.
    #[serde(default)]
    min_remnant_hours: u32,
    /// `automatic` (default): live from the window's start; `confirmed`: time counts as delivered from when you say that it is ready.
    #[serde(default)]
    delivery: DeliveryModeBody,
    /// What you pay on top of the credit for time not delivered, in basis points of its price; 0 when not given.
    #[serde(default)]
    penalty_bps: u16,
    /// So many settled outages within 720 hours let a buyer end a contract; 3 when not given.
    termination_outages: Option<u32>,
}

/// When time of a lot counts as delivered.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryModeBody {
    /// From the window's start.
    #[default]
    Automatic,
    /// From when the provider says that it is ready.
    Confirmed,
}

impl DeliveryModeBody {
    fn of(confirmed: bool) -> Self {
        if confirmed { Self::Confirmed } else { Self::Automatic }
    }
}

/// A lot.
#[derive(Serialize, ToSchema)]
pub struct LotBody {
    /// Its id.
    id: Uuid,
    /// Who delivers.
    organization: String,
    /// Where it is sold.
    market: String,
    /// How many GPUs.
    gpus: u32,
    /// When.
    window: WindowBody,
    /// The provider's name for the network that the GPUs share.
    fabric: String,
    /// The shortest hole that a sale may leave.
    min_remnant_hours: u32,
    /// When time counts as delivered.
    delivery: DeliveryModeBody,
    /// What the provider pays on top of the credit for time not delivered, in basis points of its price.
    penalty_bps: u16,
    /// So many settled outages within 720 hours let a buyer end a contract.
    termination_outages: u32,
    /// The fewest GPUs that are free in any hour; 0 when the window has passed.
    free_gpus_min: u32,
    /// `listed`, `withdrawn`, or `expired` when the window has passed.
    status: &'static str,
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
    let instruction = body.instruction(caller.organization)?;
    let receipt = submit(&node, &request, caller.organization, &*body, instruction).await?;
    Ok(answer(HttpResponse::Created(), receipt.sequence, &LotBody::of_receipt(&receipt.rows)?))
}

impl NewLotBody {
    /// What it asks for.
    pub(crate) fn instruction(&self, organization: OrganizationId) -> Result<Instruction, Problem> {
        Ok(Instruction::RegisterLot(NewLot {
            organization,
            market: self.market,
            gpus: self.gpus,
            window: self.window.window()?,
            fabric: label("fabric", &self.fabric)?,
            min_remnant_hours: self.min_remnant_hours,
            delivery: DeliveryTerms {
                confirmed: self.delivery == DeliveryModeBody::Confirmed,
                penalty_bps: self.penalty_bps,
                termination_outages: self
                    .termination_outages
                    .unwrap_or_else(|| DeliveryTerms::default().termination_outages),
            },
        }))
    }
}

impl LotBody {
    /// The lot that these events listed.
    pub(crate) fn of_receipt(rows: &[Arc<LogRow>]) -> Result<Self, Problem> {
        let listed: LotRecord = begun(rows)?;
        let free_gpus = listed.gpus;
        Ok(Self::of(listed, free_gpus))
    }

    /// The lot with what is free of it in a state.
    pub(crate) fn standing(lot: LotRecord, exchange: &Exchange) -> Self {
        let free_gpus = exchange.venue().lot(lot.id).map_or(0, |lot| lot.residual.min());
        Self::of(lot, free_gpus)
    }

    fn of(lot: LotRecord, free_gpus_min: u32) -> Self {
        Self {
            id: lot.id.uuid(),
            organization: lot.organization.to_string(),
            market: lot.market.to_string(),
            gpus: lot.gpus,
            window: WindowBody { start: lot.window_start, end: lot.window_end },
            fabric: lot.fabric,
            min_remnant_hours: lot.min_remnant_hours,
            delivery: DeliveryModeBody::of(lot.confirmed),
            penalty_bps: lot.penalty_bps,
            termination_outages: lot.termination_outages,
            free_gpus_min,
            status: match (lot.expired, lot.withdrawn) {
                (true, _) => "expired",
                (false, true) => "withdrawn",
                (false, false) => "listed",
            },
        }
    }

    /// The problem that an organization has no such lot.
    pub(crate) fn unknown() -> Problem {
        Problem::not_found("lot of your organization")
    }
}

/// A provider's lot.
async fn read_lot(node: &Node, caller: &Caller<ProviderOnly>, lot: Uuid) -> Result<LotBody, Problem> {
    await_reads(node, None).await?;
    let lot = node.read_models.lots().find(caller.organization, LotId::new(lot)).await?;
    Ok(LotBody::standing(lot.ok_or_else(LotBody::unknown)?, &node.view.read()))
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
        span.page_of(lots, |lot| LotBody::standing(lot, &exchange))
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

/// GPUs over a part of a lot's window.
#[derive(Serialize, ToSchema)]
pub struct CalendarStep {
    /// The first hour of the part.
    #[serde(flatten)]
    window: WindowBody,
    /// GPUs that are free in each of its hours.
    free_gpus: u32,
    /// GPUs sold for a term.
    sold_term: u32,
    /// GPUs sold by the hour.
    sold_spot: u32,
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
    let data = CalendarStep::all_of(&exchange, caller.organization, *lot)?;
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &Page { data, next_cursor: None }))
}

impl CalendarStep {
    /// The calendar of an organization's listed lot, or the problem that there is none.
    pub(crate) fn all_of(exchange: &Exchange, seller: OrganizationId, lot: Uuid) -> Result<Vec<Self>, Problem> {
        let lot = exchange.venue().lot(LotId::new(lot)).filter(|lot| lot.seller == seller);
        lot.map(calendar_of).ok_or_else(|| Problem::not_found("listed lot of your organization"))
    }
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
