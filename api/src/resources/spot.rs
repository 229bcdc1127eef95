//! Spot: the auctions of a market, its index, and what was bought and sold by the hour.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use infra::read_models::{AuctionRecord, MissedReason, OwnSale};
use ledger::Amount;
use matching::{Hour, MarketId, Price};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use wire::page::{Page, PageQuery};
use wire::problem::ProblemBody;

use super::markets;
use crate::auth::{Anyone, Caller, Trader};
use crate::problem::Problem;
use crate::request::{PageSpan, answer, await_reads, position as place};

/// A market's auction for an hour.
#[derive(Serialize, ToSchema)]
pub struct AuctionBody {
    /// The hour.
    #[schema(value_type = String, format = DateTime)]
    hour: Hour,
    /// The clearing price, which is the market's spot index for the hour; null when nobody met.
    #[schema(value_type = Option<String>)]
    clearing_price: Option<Price>,
    /// GPUs sold in the auction.
    gpus: u64,
    /// GPUs bid for, at any price.
    bids: u64,
    /// GPUs on offer, at any price.
    asks: u64,
    /// Why the auction was void, if it was: `nobody_led` or `halted`. That hour is neither sold nor billed.
    missed: Option<&'static str>,
}

/// Which auctions to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SpotQuery {
    /// Only this hour: the answer is its auction, not a list.
    #[param(value_type = Option<String>, format = DateTime)]
    pub(crate) hour: Option<Hour>,
    /// Where the page before ended: its `next_cursor`.
    pub(crate) cursor: Option<String>,
    /// Items in the page, 1 to 500; 50 when not given.
    pub(crate) limit: Option<u32>,
}

impl From<AuctionRecord> for AuctionBody {
    fn from(auction: AuctionRecord) -> Self {
        Self {
            hour: auction.hour,
            clearing_price: auction.clearing_price,
            gpus: auction.gpus,
            bids: auction.gpus_bid,
            asks: auction.gpus_offered,
            missed: auction.missed.map(MissedReason::name),
        }
    }
}

impl AuctionBody {
    /// The problem that there was no auction for an hour.
    pub(crate) fn none_yet() -> Problem {
        Problem::not_found("auction: none was due for this hour, or not yet")
    }
}

/// The spot auctions of a market, oldest first, or with `hour` the auction for that hour. Clearing prices are the spot index.
#[utoipa::path(
    operation_id = "list_spot_auctions",
    tag = "market data",
    security(("oauth2" = [])),
    params(("market" = String, Path, description = "The market's id"), SpotQuery),
    responses(
        (status = 200, description = "A page of auctions, or one", body = Page<AuctionBody>),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/markets/{market}/spot")]
pub async fn auctions(
    _caller: Caller<Anyone>,
    market: web::Path<MarketId>,
    query: web::Query<SpotQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    markets::require(&node, *market)?;
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    await_reads(&node, None).await?;
    let position = node.read_models.position();
    if let Some(hour) = query.hour {
        let auction = node.read_models.spot().auction(*market, hour).await?.ok_or_else(AuctionBody::none_yet)?;
        return Ok(answer(HttpResponse::Ok(), position, &AuctionBody::from(auction)));
    }
    let auctions = node.read_models.spot().auctions(*market, span.after, span.fetch()).await?;
    let page = span.page_by(auctions, |auction| place(auction.sequence), AuctionBody::from);
    Ok(answer(HttpResponse::Ok(), position, &page))
}

/// GPUs bought or sold by the hour.
#[derive(Serialize, ToSchema)]
pub struct SpotSaleBody {
    /// Your order.
    order: Uuid,
    /// `buy` or `sell`.
    side: &'static str,
    /// Where.
    market: String,
    /// The hour.
    #[schema(value_type = String, format = DateTime)]
    hour: Hour,
    /// The minutes of it, up to its end: 60 in the auction, fewer after it.
    minutes: u32,
    /// Who pays.
    buyer: String,
    /// Who delivers.
    seller: String,
    /// The lot that serves it.
    lot: Uuid,
    /// How many GPUs.
    gpus: u32,
    /// Per GPU-hour.
    #[schema(value_type = String)]
    price: Price,
    /// What amounts are in.
    currency: String,
    /// The price for these minutes.
    #[schema(value_type = String)]
    amount: Amount,
    /// Your fee on it.
    #[schema(value_type = String)]
    fee: Amount,
}

impl From<OwnSale> for SpotSaleBody {
    fn from(own: OwnSale) -> Self {
        let (order, side, fee) = (own.order().uuid(), own.side.name(), own.fee());
        let sale = own.sale;
        Self {
            order,
            side,
            market: sale.market.to_string(),
            hour: sale.hour,
            minutes: sale.minutes,
            buyer: sale.buyer.to_string(),
            seller: sale.seller.to_string(),
            lot: sale.lot.uuid(),
            gpus: sale.gpus,
            price: sale.price,
            currency: sale.currency.to_string(),
            amount: sale.amount,
            fee,
        }
    }
}

/// What you bought and sold by the hour, oldest first.
#[utoipa::path(
    operation_id = "list_spot_sales",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(PageQuery),
    responses((status = 200, description = "A page of sales", body = Page<SpotSaleBody>)),
)]
#[get("/spot-sales")]
pub async fn sales(
    caller: Caller<Trader>,
    query: web::Query<PageQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    await_reads(&node, query.min_sequence).await?;
    let sales = node.read_models.spot().own_sales(caller.organization, span.after, span.fetch()).await?;
    let page = span.page_by(sales, OwnSale::place, SpotSaleBody::from);
    Ok(answer(HttpResponse::Ok(), node.read_models.position(), &page))
}
