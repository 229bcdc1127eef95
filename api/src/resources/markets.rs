//! Markets and their books.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::node::Node;
use ledger::Instant;
use matching::{
    Class, Exchange, Hour, Instruction, Market, MarketId, MarketSpec, Price, TermWindow, Window, ZoneAttributes,
};
use wire::markets::{BookBody, BookQuery, ClassBody, Level, MarketBody, MarketStateBody, PriceBandBody};
use wire::page::Page;
use wire::problem::ProblemBody;
use wire::window::WindowBody;

use super::submit;
use crate::auth::{Anyone, Caller, OperatorOnly};
use crate::computing::Computing;
use crate::label::{by_label, label, label_if_given};
use crate::problem::Problem;
use crate::request::{JsonBody, answer};

pub(crate) fn market_state_body(market: &Market) -> MarketStateBody {
    MarketStateBody {
        terms: MarketBody::from(&market.spec),
        status: if market.halted { "halted".into() } else { "open".into() },
        price_band: market
            .price_band
            .map(|band| PriceBandBody { width_bps: band.width_bps, reference: band.reference }),
        last_price: market.last_price,
        last_spot_price: market.spot.last_price,
    }
}

/// The market of this id, or the problem that there is none.
pub(crate) fn find_market_state(exchange: &Exchange, market: MarketId) -> Result<MarketStateBody, Problem> {
    exchange.venue().market(market).map(market_state_body).ok_or_else(|| Problem::not_found("market"))
}

/// The terms that a body states.
///
/// # Errors
/// A [`Problem`] with the code `text_invalid` when a text of it is no label.
pub(crate) fn market_spec(body: &MarketBody) -> Result<MarketSpec, Problem> {
    let ClassBody { memory_gb, gpus_per_node, .. } = body.class;
    let zone = &body.zone_attributes;
    Ok(MarketSpec {
        id: body.id,
        class: Class {
            model: label("class.model", &body.class.model)?,
            memory_gb,
            form_factor: label("class.form_factor", &body.class.form_factor)?,
            fabric: label("class.fabric", &body.class.fabric)?,
            gpus_per_node,
        },
        zone: label("zone", &body.zone)?,
        currency: body.currency,
        price_tick: body.price_tick,
        lot_size: body.lot_size,
        maker_fee_bps: body.maker_fee_bps,
        taker_fee_bps: body.taker_fee_bps,
        gate_minutes: body.gate_minutes,
        zone_attributes: ZoneAttributes {
            region: label_if_given("zone_attributes.region", zone.region.as_deref())?,
            renewable_share_bps: zone.renewable_share.map(|share| share.basis_points),
            grid: label_if_given("zone_attributes.grid", zone.grid.as_deref())?,
            round_trip_ms: by_label("zone_attributes.round_trip_ms", &zone.round_trip_ms)?,
        },
    })
}

/// Open a market.
#[utoipa::path(
    operation_id = "open_market",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable")),
    request_body = MarketBody,
    responses(
        (status = 201, description = "Open", body = MarketBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/markets")]
pub async fn open(
    caller: Caller<OperatorOnly>,
    request: HttpRequest,
    body: JsonBody<MarketBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let spec = market_spec(&body)?;
    let opened = MarketBody::from(&spec);
    let receipt = submit(&node, &request, caller.organization, &*body, Instruction::OpenMarket(spec)).await?;
    Ok(answer(HttpResponse::Created(), receipt.sequence, &opened))
}

/// Every market.
#[utoipa::path(
    operation_id = "list_markets",
    tag = "market data",
    security(("oauth2" = [])),
    responses((status = 200, description = "The markets, by id", body = Page<MarketStateBody>)),
)]
#[get("/markets")]
pub async fn list(_caller: Caller<Anyone>, node: web::Data<Node>) -> HttpResponse {
    let (sequence, data) = {
        let exchange = node.view.read();
        (exchange.sequence(), exchange.venue().markets().map(market_state_body).collect())
    };
    answer(HttpResponse::Ok(), sequence, &Page { data, next_cursor: None })
}

/// One market.
#[utoipa::path(
    operation_id = "get_market",
    tag = "market data",
    security(("oauth2" = [])),
    params(("market" = String, Path, description = "The market's id")),
    responses(
        (status = 200, description = "The market", body = MarketStateBody),
        (status = 404, description = "No such market", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/markets/{market}")]
pub async fn show(
    _caller: Caller<Anyone>,
    market: web::Path<MarketId>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let exchange = node.view.read();
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &find_market_state(&exchange, *market)?))
}

/// The book of a market for a window: who could sell all of it, and who bids for hours in it.
#[utoipa::path(
    operation_id = "get_book",
    tag = "market data",
    security(("oauth2" = [])),
    params(("market" = String, Path, description = "The market's id"), BookQuery),
    responses(
        (status = 200, description = "The book", body = BookBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/markets/{market}/book")]
pub async fn book(
    caller: Caller<Anyone>,
    market: web::Path<MarketId>,
    query: web::Query<BookQuery>,
    node: web::Data<Node>,
    computing: web::Data<Computing>,
) -> Result<HttpResponse, Problem> {
    let (window, market) = (book_window(&query, node.clock.now())?, *market);
    let find = move |exchange: &Exchange| find_book(exchange, market, window);
    let book = computing.with_state(caller.organization, find).await??;
    Ok(answer(HttpResponse::Ok(), book.sequence, &book))
}

/// The hours that a query asks for at `now`.
pub(crate) fn book_window(query: &BookQuery, now: Instant) -> Result<Window, Problem> {
    let start = query.start.unwrap_or_else(|| Hour::containing(now).plus(1));
    Ok(WindowBody { start, end: query.end.unwrap_or_else(|| start.plus(1)) }.window()?)
}

/// The book of this market for a window, or the problem that there is no such market.
pub(crate) fn find_book(exchange: &Exchange, market: MarketId, window: Window) -> Result<BookBody, Problem> {
    let venue = exchange.venue();
    let market = venue.key(market).ok_or_else(|| Problem::not_found("market"))?;
    let bids = venue.bids(market).filter(|bid| overlaps_whole(window, bid.terms.window));
    let bids = bids.map(|bid| (bid.terms.limit_price, bid.terms.remaining));
    let (mut bids, asks) = (levels(bids), levels(venue.depth(market, window).into_iter()));
    bids.reverse();
    Ok(BookBody { window: window.into(), bids, asks, sequence: exchange.sequence() })
}

/// Whether a window that the bid would take lies within `window`.
fn overlaps_whole(window: Window, wanted: TermWindow) -> bool {
    let start = wanted.earliest().max(window.start());
    start <= wanted.latest() && window.covers(wanted.starting(start))
}

/// Adds orders up per price, lowest first.
fn levels(orders: impl Iterator<Item = (Price, u32)>) -> Vec<Level> {
    let mut levels: BTreeMap<Price, (u64, u32)> = BTreeMap::new();
    for (price, gpus) in orders {
        let level = levels.entry(price).or_default();
        *level = (level.0 + u64::from(gpus), level.1 + 1);
    }
    levels.into_iter().map(|(price, (gpus, orders))| Level { price, gpus, orders }).collect()
}

/// The market of this id, or the problem that there is none.
pub(super) fn require(node: &Node, market: MarketId) -> Result<(), Problem> {
    let known = node.view.read().venue().market(market).is_some();
    if known { Ok(()) } else { Err(Problem::not_found("market")) }
}
