//! Trades: one's own, and a market's without names.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use jiff::Timestamp;
use ledger::{Amount, OrganizationId};
use matching::{MarketId, Price, Record, TradeExecuted};
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use super::markets;
use crate::auth::{Anyone, Caller, Trader};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Page, PageQuery, PageSpan, answer, await_reads};
use crate::wire::{WindowBody, amount, instant, price, window_between};

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
#[derive(Clone, Serialize, ToSchema)]
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
    let client = node.database.get().await?;
    let organization = caller.organization.as_str();
    let statement = "SELECT id, contract, market, lot, bid, ask, buyer, gpus, price, window_start, window_end, currency, \
                     amount, buyer_fee, seller_fee, at, sequence, busted \
                     FROM (\
                         (SELECT * FROM trades WHERE buyer = $1 AND sequence > $2 ORDER BY sequence LIMIT $3) UNION ALL \
                         (SELECT * FROM trades WHERE seller = $1 AND buyer <> $1 AND sequence > $2 ORDER BY sequence LIMIT $3)) own \
                     ORDER BY sequence LIMIT $3";
    let rows = client.query(statement, &[&organization, &span.after, &span.fetch()]).await?;
    let page = span.page(&rows, |row| row.get(16), |row| trade_of_row(row, organization))?;
    Ok(answer(HttpResponse::Ok(), node.projection.position(), &page))
}

fn trade_of_row(row: &Row, organization: &str) -> Result<TradeBody, Problem> {
    let bought = row.get::<_, &str>(6) == organization;
    let (order, side, fee) = if bought { (4, "buy", 13) } else { (5, "sell", 14) };
    Ok(TradeBody {
        id: row.get(0),
        contract: row.get(1),
        market: row.get(2),
        lot: row.get(3),
        order: row.get(order),
        side,
        gpus: u32::try_from(row.get::<_, i32>(7)).unwrap_or(0),
        price: price(row.get(8))?,
        window: window_between(row.get(9), row.get(10)),
        currency: row.get(11),
        amount: amount(row.get(12))?,
        fee: amount(row.get(fee))?,
        at: instant(row.get::<_, Timestamp>(15)).to_string(),
        busted: row.get(17),
        sequence: u64::try_from(row.get::<_, i64>(16)).unwrap_or(0),
    })
}

impl TradeBody {
    /// A trade of the log as one of its two sides sees it.
    pub(crate) fn of(record: &Record, trade: &TradeExecuted, busted: bool, reader: OrganizationId) -> Self {
        let (order, side, fee) = if trade.buyer == reader {
            (trade.bid, "buy", trade.buyer_fee)
        } else {
            (trade.ask, "sell", trade.seller_fee)
        };
        Self {
            id: trade.trade.uuid(),
            contract: trade.contract.uuid(),
            market: trade.market.to_string(),
            lot: trade.lot.uuid(),
            order: order.uuid(),
            side,
            gpus: trade.gpus,
            price: trade.price,
            window: trade.window.into(),
            currency: trade.currency.to_string(),
            amount: trade.amount,
            fee,
            at: record.at.to_string(),
            busted,
            sequence: record.sequence,
        }
    }
}

impl MarketTradeBody {
    /// A trade of the log as everyone sees it.
    pub(crate) fn of(record: &Record, trade: &TradeExecuted, busted: bool) -> Self {
        Self {
            id: trade.trade.uuid(),
            gpus: trade.gpus,
            price: trade.price,
            window: trade.window.into(),
            at: record.at.to_string(),
            busted,
            sequence: record.sequence,
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
    let client = node.database.get().await?;
    let statement = "SELECT id, gpus, price, window_start, window_end, at, sequence, busted \
                     FROM trades WHERE market = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
    let rows = client.query(statement, &[&market.as_str(), &span.after, &span.fetch()]).await?;
    let page = span.page(
        &rows,
        |row| row.get(6),
        |row| {
            Ok::<_, Problem>(MarketTradeBody {
                id: row.get(0),
                gpus: u32::try_from(row.get::<_, i32>(1)).unwrap_or(0),
                price: price(row.get(2))?,
                window: window_between(row.get(3), row.get(4)),
                at: instant(row.get::<_, Timestamp>(5)).to_string(),
                busted: row.get(7),
                sequence: u64::try_from(row.get::<_, i64>(6)).unwrap_or(0),
            })
        },
    )?;
    Ok(answer(HttpResponse::Ok(), node.projection.position(), &page))
}
