//! Spot: the auctions of a market, its index, and what was bought and sold by the hour.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use infra::read_models::{AuctionRecord, MissedReason, OwnSale};
use matching::MarketId;
use wire::page::{Page, PageQuery};
use wire::problem::ProblemBody;
use wire::spot::{AuctionBody, SpotQuery, SpotSaleBody};

use super::markets;
use crate::auth::{Anyone, Caller, Trader};
use crate::problem::Problem;
use crate::request::{PageSpan, answer, await_reads, position as place};

pub(crate) fn auction_body(auction: &AuctionRecord) -> AuctionBody {
    AuctionBody {
        hour: auction.hour,
        clearing_price: auction.clearing_price,
        gpus: auction.gpus,
        bids: auction.gpus_bid,
        asks: auction.gpus_offered,
        missed: auction.missed.map(MissedReason::name).map(Into::into),
    }
}

/// The problem that there was no auction for an hour.
pub(crate) fn no_auction_yet() -> Problem {
    Problem::not_found("auction: none was due for this hour, or not yet")
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
        let auction = node.read_models.spot().auction(*market, hour).await?.ok_or_else(no_auction_yet)?;
        return Ok(answer(HttpResponse::Ok(), position, &auction_body(&auction)));
    }
    let auctions = node.read_models.spot().auctions(*market, span.after, span.fetch()).await?;
    let page = span.page_by(auctions, |auction| place(auction.sequence), |auction| auction_body(&auction));
    Ok(answer(HttpResponse::Ok(), position, &page))
}

pub(crate) fn spot_sale_body(own: OwnSale) -> SpotSaleBody {
    let (order, side, fee) = (own.order().uuid(), own.side.name().into(), own.fee());
    let sale = own.sale;
    SpotSaleBody {
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
    let page = span.page_by(sales, OwnSale::place, spot_sale_body);
    Ok(answer(HttpResponse::Ok(), node.read_models.position(), &page))
}
