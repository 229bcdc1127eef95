//! Lots: the capacity that providers list.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::node::Node;
use matching::{Event, Instruction, LotId, MarketId, NewLot};
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{submit, unexpected_receipt};
use crate::auth::{Caller, ProviderOnly};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::request::{Page, PageQuery, PageSpan, answer, await_reads};
use crate::wire::{WindowBody, window_between};

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
    /// The shortest hole that a sale may leave. Only 0 is offered yet.
    #[serde(default)]
    min_remnant_hours: u32,
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
    /// The fewest GPUs that are free in any hour; 0 when the window has passed.
    free_gpus_min: u32,
    /// `listed`, or `expired` when the window has passed.
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
    body: web::Json<NewLotBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    if body.min_remnant_hours != 0 {
        return Err(Problem::new(ProblemCode::NotSupported, "min_remnant_hours other than 0 is not offered yet."));
    }
    let instruction = Instruction::RegisterLot(NewLot {
        organization: caller.organization,
        market: body.market,
        gpus: body.gpus,
        window: body.window.window()?,
        fabric: body.fabric.clone(),
    });
    let receipt = submit(&node, &request, caller.organization, &body, instruction).await?;
    let registered = receipt.rows.iter().find_map(|row| match &row.record.event {
        Event::LotRegistered(registered) => Some(registered),
        _ => None,
    });
    let lot = registered.ok_or_else(unexpected_receipt)?;
    let body = LotBody {
        id: lot.lot.uuid(),
        organization: lot.organization.to_string(),
        market: lot.market.to_string(),
        gpus: lot.gpus,
        window: lot.window.into(),
        fabric: lot.fabric.clone(),
        min_remnant_hours: 0,
        free_gpus_min: lot.gpus,
        status: "listed",
    };
    Ok(answer(HttpResponse::Created(), receipt.sequence, &body))
}

const COLUMNS: &str = "id, organization, market, gpus, window_start, window_end, fabric, expired, sequence";

fn lot_of_row(node: &Node, row: &Row) -> LotBody {
    let id: Uuid = row.get(0);
    let free = node.view.read().venue().lot(LotId::new(id)).map(|lot| lot.residual.min());
    LotBody {
        id,
        organization: row.get(1),
        market: row.get(2),
        gpus: u32::try_from(row.get::<_, i32>(3)).unwrap_or(0),
        window: window_between(row.get(4), row.get(5)),
        fabric: row.get(6),
        min_remnant_hours: 0,
        free_gpus_min: free.unwrap_or(0),
        status: if row.get(7) { "expired" } else { "listed" },
    }
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
    let client = node.database.get().await?;
    let statement =
        format!("SELECT {COLUMNS} FROM lots WHERE organization = $1 AND sequence > $2 ORDER BY sequence LIMIT $3");
    let rows = client.query(&statement, &[&caller.organization.as_str(), &span.after, &span.fetch()]).await?;
    let page = span.page(&rows, |row| row.get(8), |row| Ok::<_, Problem>(lot_of_row(&node, row)))?;
    Ok(answer(HttpResponse::Ok(), node.projection.position(), &page))
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
    await_reads(&node, None).await?;
    let client = node.database.get().await?;
    let statement = format!("SELECT {COLUMNS} FROM lots WHERE id = $1 AND organization = $2");
    let row = client.query_opt(&statement, &[&*lot, &caller.organization.as_str()]).await?;
    let row = row.ok_or_else(|| Problem::not_found("lot of your organization"))?;
    Ok(answer(HttpResponse::Ok(), node.projection.position(), &lot_of_row(&node, &row)))
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
    let lot = exchange.venue().lot(LotId::new(*lot)).filter(|lot| lot.seller == caller.organization);
    let lot = lot.ok_or_else(|| Problem::not_found("listed lot of your organization"))?;
    let steps = lot.residual.steps().map(|(window, free_gpus)| CalendarStep {
        window: window.into(),
        free_gpus,
        sold_term: lot.gpus - free_gpus,
        sold_spot: 0,
    });
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &Page { data: steps.collect(), next_cursor: None }))
}
