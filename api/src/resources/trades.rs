//! Trades: one's own, and a market's without names.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use infra::read_models::{Side, TradeRecord};
use ledger::{Amount, OrganizationId};
use matching::{MarketId, Price};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use wire::page::{Page, PageQuery};
use wire::problem::ProblemBody;
use wire::window::WindowBody;

use super::markets;
use crate::auth::{Anyone, Caller, Trader};
use crate::problem::Problem;
use crate::request::{PageSpan, answer, await_reads};

/// A trade of one's own.
#[derive(Serialize, ToSchema)]
pub struct TradeBody {
    /// Its id.
    id: Uuid,
    /// The contract it created.
    contract: Uuid,
    /// Where it traded.
    market: String,
    /// The lot that serves it.
    lot: Uuid,
    /// Your order: the bid of a buyer, the ask of a provider.
    order: Uuid,
    /// `buy` or `sell`.
    side: &'static str,
    /// How many GPUs.
    gpus: u32,
    /// Per GPU-hour.
    #[schema(value_type = String)]
    price: Price,
    /// When.
    window: WindowBody,
    /// What amounts are in.
    currency: String,
    /// The whole window at the price.
    #[schema(value_type = String)]
    amount: Amount,
    /// Your fee on it.
    #[schema(value_type = String)]
    fee: Amount,
    /// When it traded.
    #[schema(format = DateTime)]
    at: String,
    /// Whether it was undone.
    busted: bool,
    /// Its sequence in the log.
    sequence: u64,
}

/// A trade as everyone sees it.
#[derive(Serialize, ToSchema)]
pub struct MarketTradeBody {
    /// Its id.
    id: Uuid,
    /// How many GPUs.
    gpus: u32,
    /// Per GPU-hour.
    #[schema(value_type = String)]
    price: Price,
    /// When it is delivered.
    window: WindowBody,
    /// When it traded.
    #[schema(format = DateTime)]
    at: String,
    /// Whether it was undone: it stands in no candle and is not the last price.
    busted: bool,
    /// Its sequence in the log.
    sequence: u64,
}

/// Your trades, oldest first.
#[utoipa::path(
    operation_id = "list_trades",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(PageQuery),
    responses((status = 200, description = "A page of trades", body = Page<TradeBody>)),
)]
#[get("/trades")]
pub async fn list(
    caller: Caller<Trader>,
    query: web::Query<PageQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    await_reads(&node, query.min_sequence).await?;
    let reader = caller.organization;
    let trades = node.read_models.trades().page(reader, span.after, span.fetch()).await?;
    let page = span.page_of(trades, |trade| TradeBody::of(&trade, reader));
    Ok(answer(HttpResponse::Ok(), node.read_models.position(), &page))
}

impl TradeBody {
    /// A trade as one of its two sides sees it.
    pub(crate) fn of(trade: &TradeRecord, reader: OrganizationId) -> Self {
        let (order, side, fee) = if trade.buyer == reader {
            (trade.bid, Side::Buy, trade.buyer_fee)
        } else {
            (trade.ask, Side::Sell, trade.seller_fee)
        };
        Self {
            id: trade.id.uuid(),
            contract: trade.contract.uuid(),
            market: trade.market.to_string(),
            lot: trade.lot.uuid(),
            order: order.uuid(),
            side: side.name(),
            gpus: trade.gpus,
            price: trade.price,
            window: WindowBody { start: trade.window_start, end: trade.window_end },
            currency: trade.currency.to_string(),
            amount: trade.amount,
            fee,
            at: trade.at.to_string(),
            busted: trade.busted,
            sequence: trade.sequence,
        }
    }
}

impl From<TradeRecord> for MarketTradeBody {
    fn from(trade: TradeRecord) -> Self {
        Self {
            id: trade.id.uuid(),
            gpus: trade.gpus,
            price: trade.price,
            window: WindowBody { start: trade.window_start, end: trade.window_end },
            at: trade.at.to_string(),
            busted: trade.busted,
            sequence: trade.sequence,
        }
    }
}

/// A market's trades, oldest first.
#[utoipa::path(
    operation_id = "list_market_trades",
    tag = "market data",
    security(("oauth2" = [])),
    params(("market" = String, Path, description = "The market's id"), PageQuery),
    responses(
        (status = 200, description = "A page of trades", body = Page<MarketTradeBody>),
        (status = 404, description = "No such market", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/markets/{market}/trades")]
pub async fn of_market(
    _caller: Caller<Anyone>,
    market: web::Path<MarketId>,
    query: web::Query<PageQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    markets::require(&node, *market)?;
    await_reads(&node, query.min_sequence).await?;
    let trades = node.read_models.trades().of_market(*market, span.after, span.fetch()).await?;
    let page = span.page_of(trades, MarketTradeBody::from);
    Ok(answer(HttpResponse::Ok(), node.read_models.position(), &page))
}
