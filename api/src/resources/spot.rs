//! Spot: the auctions of a market, its index, and what was bought and sold by the hour.

use actix_web::{HttpResponse, get, web};
use infra::journal::timestamp;
use infra::node::Node;
use ledger::{Amount, Currency, OrganizationId};
use matching::{Event, Hour, MarketId, MissedCause, Price, SpotHoursSold, SpotSale};
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::markets;
use crate::auth::{Anyone, Caller, Trader};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Page, PageQuery, PageSpan, answer, await_reads};
use crate::wire::{amount, instant, price};

/// A market's auction for an hour.
#[derive(Clone, Serialize, ToSchema)]
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
    missed: Option<String>,
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

impl AuctionBody {
    /// The market and the auction of an event, if it is one's.
    pub(crate) fn of_event(event: &Event) -> Option<(MarketId, Self)> {
        match event {
            Event::SpotAuctionHeld(held) => {
                let body = Self {
                    hour: held.hour,
                    clearing_price: held.price,
                    gpus: u64::from(held.gpus),
                    bids: held.gpus_bid,
                    asks: held.gpus_offered,
                    missed: None,
                };
                Some((held.market, body))
            }
            Event::SpotAuctionMissed(missed) => {
                let cause = match missed.cause {
                    MissedCause::NobodyLed => "nobody_led",
                    MissedCause::Halted => "halted",
                };
                let (hour, cause) = (missed.hour, Some(cause.to_owned()));
                Some((missed.market, Self { hour, clearing_price: None, gpus: 0, bids: 0, asks: 0, missed: cause }))
            }
            _ => None,
        }
    }

    /// For which hour it was held.
    pub(crate) fn hour(&self) -> Hour {
        self.hour
    }

    /// The problem that there was no auction for an hour.
    pub(crate) fn none_yet() -> Problem {
        Problem::not_found("auction: none was due for this hour, or not yet")
    }
}

const AUCTION_COLUMNS: &str = "hour, clearing_price, gpus, gpus_bid, gpus_offered, missed, sequence";

fn auction_of_row(row: &Row) -> Result<AuctionBody, Problem> {
    let count = |column: usize| u64::try_from(row.get::<_, i64>(column)).unwrap_or(0);
    Ok(AuctionBody {
        hour: Hour::containing(instant(row.get(0))),
        clearing_price: row.get::<_, Option<_>>(1).map(price).transpose()?,
        gpus: count(2),
        bids: count(3),
        asks: count(4),
        missed: row.get(5),
    })
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
    let client = node.database.get().await?;
    let position = node.projection.position();
    if let Some(hour) = query.hour {
        let statement = format!("SELECT {AUCTION_COLUMNS} FROM spot_auctions WHERE market = $1 AND hour = $2");
        let row = client.query_opt(&statement, &[&market.as_str(), &timestamp(hour.start())]).await?;
        let row = row.ok_or_else(AuctionBody::none_yet)?;
        return Ok(answer(HttpResponse::Ok(), position, &auction_of_row(&row)?));
    }
    let statement = format!(
        "SELECT {AUCTION_COLUMNS} FROM spot_auctions WHERE market = $1 AND sequence > $2 ORDER BY sequence LIMIT $3"
    );
    let rows = client.query(&statement, &[&market.as_str(), &span.after, &span.fetch()]).await?;
    let page = span.page(&rows, |row| row.get(6), auction_of_row)?;
    Ok(answer(HttpResponse::Ok(), position, &page))
}

/// GPUs bought or sold by the hour.
#[derive(Clone, Serialize, ToSchema)]
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

impl SpotSaleBody {
    /// The sides of a sale that are `reader`'s: the buyer's, the seller's.
    pub(crate) fn sides_of(sold: &SpotHoursSold, sale: &SpotSale, reader: OrganizationId) -> [Option<Self>; 2] {
        let SpotHoursSold { market, hour, currency, .. } = *sold;
        let side = |order: Uuid, side, fee| Self::new(sale, market, hour, currency, (order, side, fee));
        let bought = (sale.buyer == reader).then(|| side(sale.bid.uuid(), "buy", sale.buyer_fee));
        let sold = (sale.seller == reader).then(|| side(sale.ask.uuid(), "sell", sale.seller_fee));
        [bought, sold]
    }

    fn new(
        sale: &SpotSale,
        market: MarketId,
        hour: Hour,
        currency: Currency,
        (order, side, fee): (Uuid, &'static str, Amount),
    ) -> Self {
        Self {
            order,
            side,
            market: market.to_string(),
            hour,
            minutes: sale.minutes,
            buyer: sale.buyer.to_string(),
            seller: sale.seller.to_string(),
            lot: sale.lot.uuid(),
            gpus: sale.gpus,
            price: sale.price,
            currency: currency.to_string(),
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
    /// More sales than one event has.
    const ORDINALS: i64 = 4_096;
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    await_reads(&node, query.min_sequence).await?;
    let client = node.database.get().await?;
    let columns = "market, hour, minutes, buyer, seller, lot, gpus, price, currency, amount";
    // One's own side of each sale, with a place that cursors can name.
    let statement = format!(
        "SELECT * FROM (SELECT sequence * {ORDINALS} * 2 + ordinal * 2 AS place, bid, 'buy', {columns}, buyer_fee \
         FROM spot_sales WHERE buyer = $1 AND sequence >= $2::bigint / ({ORDINALS} * 2) \
         UNION ALL SELECT sequence * {ORDINALS} * 2 + ordinal * 2 + 1, ask, 'sell', {columns}, seller_fee \
         FROM spot_sales WHERE seller = $1 AND sequence >= $2::bigint / ({ORDINALS} * 2)) AS own \
         WHERE place > $2::bigint ORDER BY place LIMIT $3"
    );
    let rows = client.query(&statement, &[&caller.organization.as_str(), &span.after, &span.fetch()]).await?;
    let page = span.page(&rows, |row| row.get(0), sale_of_row)?;
    Ok(answer(HttpResponse::Ok(), node.projection.position(), &page))
}

fn sale_of_row(row: &Row) -> Result<SpotSaleBody, Problem> {
    let count = |column: usize| u32::try_from(row.get::<_, i32>(column)).unwrap_or(0);
    Ok(SpotSaleBody {
        order: row.get(1),
        side: if row.get::<_, &str>(2) == "buy" { "buy" } else { "sell" },
        market: row.get(3),
        hour: Hour::containing(instant(row.get(4))),
        minutes: count(5),
        buyer: row.get(6),
        seller: row.get(7),
        lot: row.get(8),
        gpus: count(9),
        price: price(row.get(10))?,
        currency: row.get(11),
        amount: amount(row.get(12))?,
        fee: amount(row.get(13))?,
    })
}
