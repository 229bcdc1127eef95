//! Markets and their books.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::node::Node;
use ledger::{Currency, Instant, Label};
use matching::{
    Class, Exchange, GATE_MINUTES, Hour, Instruction, Market, MarketId, MarketSpec, Price, TermWindow, Window,
    ZoneAttributes,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wire::page::Page;
use wire::problem::ProblemBody;
use wire::share::Share;
use wire::window::WindowBody;

use super::submit;
use crate::auth::{Anyone, Caller, OperatorOnly};
use crate::computing::Computing;
use crate::label::{by_label, label, label_if_given};
use crate::problem::Problem;
use crate::request::{JsonBody, answer};

/// A GPU product.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassBody {
    /// The GPU's model.
    #[schema(example = "A100")]
    model: String,
    /// Memory per GPU in gigabytes.
    #[schema(example = 80)]
    memory_gb: u16,
    /// The form factor.
    #[schema(example = "SXM4")]
    form_factor: String,
    /// What connects the nodes.
    #[schema(example = "infiniband")]
    fabric: String,
    /// GPUs in one node.
    #[schema(example = 8)]
    gpus_per_node: u16,
}

/// A market and the terms on which it trades.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarketBody {
    /// Its id: class and zone.
    #[schema(value_type = String, example = "a100-80g-sxm4-ib.us-tx-1")]
    id: MarketId,
    /// What is traded.
    class: ClassBody,
    /// Where it is delivered.
    #[schema(example = "us-tx-1")]
    zone: String,
    /// What prices are in: an ISO 4217 code.
    #[schema(value_type = String, example = "USD")]
    currency: Currency,
    /// Prices are whole multiples of this.
    #[schema(value_type = String, example = "0.0001")]
    price_tick: Price,
    /// Quantities are whole multiples of this many GPUs.
    #[schema(example = 8)]
    lot_size: u32,
    /// The fee of the order that rested, in basis points.
    #[schema(example = 0)]
    maker_fee_bps: u16,
    /// The fee of the order that arrived, in basis points.
    #[schema(example = 50)]
    taker_fee_bps: u16,
    /// Trading for an hour ends, and its spot auction is held, this many minutes before it starts: 1 to 60.
    #[serde(default = "usual_gate")]
    #[schema(example = 5)]
    gate_minutes: u16,
    /// What buyers may ask of the zone.
    #[serde(default)]
    zone_attributes: ZoneBody,
}

/// What is known of a zone.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneBody {
    /// The region.
    #[schema(example = "us")]
    region: Option<String>,
    /// The share of renewable energy, 0 to 1 with at most four decimals.
    #[schema(value_type = Option<String>, example = "0.92")]
    renewable_share: Option<Share>,
    /// The grid that feeds it.
    #[schema(example = "ercot")]
    grid: Option<String>,
    /// The round trip to named cities in milliseconds.
    #[serde(default)]
    #[schema(example = json!({"dallas": 6}))]
    round_trip_ms: BTreeMap<String, u32>,
}

fn usual_gate() -> u16 {
    GATE_MINUTES
}

/// A market as it trades now.
#[derive(Serialize, ToSchema)]
pub struct MarketStateBody {
    /// Its terms.
    #[serde(flatten)]
    terms: MarketBody,
    /// `open`, or `halted`: orders rest and do not trade.
    status: &'static str,
    /// How far limits may be from the last price.
    price_band: Option<PriceBandBody>,
    /// The price of the last term trade.
    #[schema(value_type = Option<String>)]
    last_price: Option<Price>,
    /// The clearing price of the last spot auction that had one.
    #[schema(value_type = Option<String>)]
    last_spot_price: Option<Price>,
}

/// A guard against mistyped prices.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceBandBody {
    /// How far a bid's limit may be above, and an ask's below the last price, in basis points of it: 1 to 100000.
    #[schema(example = 5000)]
    pub width_bps: u32,
    /// What the band is around until a trade sets a price.
    #[schema(value_type = Option<String>, example = "1.0500")]
    pub reference: Option<Price>,
}

impl From<&Market> for MarketStateBody {
    fn from(market: &Market) -> Self {
        Self {
            terms: MarketBody::from(&market.spec),
            status: if market.halted { "halted" } else { "open" },
            price_band: market
                .price_band
                .map(|band| PriceBandBody { width_bps: band.width_bps, reference: band.reference }),
            last_price: market.last_price,
            last_spot_price: market.spot.last_price,
        }
    }
}

impl MarketStateBody {
    /// The market of this id, or the problem that there is none.
    pub(crate) fn find(exchange: &Exchange, market: MarketId) -> Result<Self, Problem> {
        exchange.venue().market(market).map(Self::from).ok_or_else(|| Problem::not_found("market"))
    }
}

impl MarketBody {
    /// The terms that it states.
    ///
    /// # Errors
    /// A [`Problem`] with the code `text_invalid` when a text of it is no label.
    pub(crate) fn spec(&self) -> Result<MarketSpec, Problem> {
        let body = self;
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
}

impl From<&MarketSpec> for MarketBody {
    fn from(spec: &MarketSpec) -> Self {
        let Class { memory_gb, gpus_per_node, .. } = spec.class;
        let zone = &spec.zone_attributes;
        let shown = |text: &Option<Label>| text.as_ref().map(ToString::to_string);
        Self {
            id: spec.id,
            class: ClassBody {
                model: spec.class.model.to_string(),
                memory_gb,
                form_factor: spec.class.form_factor.to_string(),
                fabric: spec.class.fabric.to_string(),
                gpus_per_node,
            },
            zone: spec.zone.to_string(),
            currency: spec.currency,
            price_tick: spec.price_tick,
            lot_size: spec.lot_size,
            maker_fee_bps: spec.maker_fee_bps,
            taker_fee_bps: spec.taker_fee_bps,
            gate_minutes: spec.gate_minutes,
            zone_attributes: ZoneBody {
                region: shown(&zone.region),
                renewable_share: zone.renewable_share_bps.map(|basis_points| Share { basis_points }),
                grid: shown(&zone.grid),
                round_trip_ms: zone.round_trip_ms.iter().map(|(city, time)| (city.to_string(), *time)).collect(),
            },
        }
    }
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
    let spec = body.spec()?;
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
        (exchange.sequence(), exchange.venue().markets().map(MarketStateBody::from).collect())
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
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &MarketStateBody::find(&exchange, *market)?))
}

/// For which hours the book is asked.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BookQuery {
    /// The first hour; the next full hour when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    start: Option<Hour>,
    /// The hour after the last; one hour after the start when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    end: Option<Hour>,
}

/// What is bid or asked at one price.
#[derive(Serialize, ToSchema)]
pub struct Level {
    /// The price per GPU-hour.
    #[schema(value_type = String, example = "1.0500")]
    price: Price,
    /// GPUs in all orders at this price.
    gpus: u64,
    /// How many orders.
    orders: u32,
}

/// A market's book for a window.
#[derive(Serialize, ToSchema)]
pub struct BookBody {
    /// The hours for which it holds.
    window: WindowBody,
    /// Bids within the window, best first.
    bids: Vec<Level>,
    /// Asks that can sell the whole window, best first. Asks that share a lot together show what it has free.
    asks: Vec<Level>,
    /// The log's sequence that it includes.
    sequence: u64,
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
    let (window, market) = (query.window(node.clock.now())?, *market);
    let find = move |exchange: &Exchange| BookBody::find(exchange, market, window);
    let book = computing.with_state(caller.organization, find).await??;
    Ok(answer(HttpResponse::Ok(), book.sequence, &book))
}

impl BookQuery {
    /// The hours that it asks for at `now`.
    pub(crate) fn window(&self, now: Instant) -> Result<Window, Problem> {
        let start = self.start.unwrap_or_else(|| Hour::containing(now).plus(1));
        Ok(WindowBody { start, end: self.end.unwrap_or_else(|| start.plus(1)) }.window()?)
    }
}

impl BookBody {
    /// The book of this market for a window, or the problem that there is no such market.
    pub(crate) fn find(exchange: &Exchange, market: MarketId, window: Window) -> Result<Self, Problem> {
        let venue = exchange.venue();
        let market = venue.key(market).ok_or_else(|| Problem::not_found("market"))?;
        let bids = venue.bids(market).filter(|bid| overlaps_whole(window, bid.terms.window));
        let bids = bids.map(|bid| (bid.terms.limit_price, bid.terms.remaining));
        let (mut bids, asks) = (levels(bids), levels(venue.depth(market, window).into_iter()));
        bids.reverse();
        Ok(Self { window: window.into(), bids, asks, sequence: exchange.sequence() })
    }
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
