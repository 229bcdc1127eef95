//! Trades: one's own, and a market's without names.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use infra::read_models::{Side, TradeRecord};
use ledger::OrganizationId;
use matching::MarketId;
use wire::page::{Page, PageQuery};
use wire::problem::ProblemBody;
use wire::trades::{MarketTradeBody, TradeBody};
use wire::window::WindowBody;

use super::markets;
use crate::auth::{Anyone, Caller, Trader};
use crate::problem::Problem;
use crate::request::{PageSpan, answer, await_reads};

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
    let page = span.page_of(trades, |trade| trade_body(&trade, reader));
    Ok(answer(HttpResponse::Ok(), node.read_models.position(), &page))
}

/// A trade as one of its two sides sees it.
pub(crate) fn trade_body(trade: &TradeRecord, reader: OrganizationId) -> TradeBody {
    let (order, side, fee) = if trade.buyer == reader {
        (trade.bid, Side::Buy, trade.buyer_fee)
    } else {
        (trade.ask, Side::Sell, trade.seller_fee)
    };
    TradeBody {
        id: trade.id.uuid(),
        contract: trade.contract.uuid(),
        market: trade.market.to_string(),
        lot: trade.lot.uuid(),
        order: order.uuid(),
        side: side.name().into(),
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

pub(crate) fn market_trade_body(trade: &TradeRecord) -> MarketTradeBody {
    MarketTradeBody {
        id: trade.id.uuid(),
        gpus: trade.gpus,
        price: trade.price,
        window: WindowBody { start: trade.window_start, end: trade.window_end },
        at: trade.at.to_string(),
        busted: trade.busted,
        sequence: trade.sequence,
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
    let page = span.page_of(trades, |trade| market_trade_body(&trade));
    Ok(answer(HttpResponse::Ok(), node.read_models.position(), &page))
}
