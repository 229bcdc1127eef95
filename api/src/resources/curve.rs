//! The price of a term by its length.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use matching::{Exchange, Hour, MarketId, MarketKey, Window};
use wire::curve::{CurveBody, LastBody, OfferBody, TenorBody};
use wire::problem::ProblemBody;

use super::markets;
use crate::auth::{Anyone, Caller};
use crate::computing::Computing;
use crate::problem::Problem;
use crate::request::{answer, await_reads};

const DAY: u32 = 24;

/// The tenors in hours. A trade belongs to the longest that it is at least as long as; a shorter one than a day to the first.
const TENORS: [(&str, u32); 9] = [
    ("1d", DAY),
    ("1w", 7 * DAY),
    ("1m", 30 * DAY),
    ("3m", 91 * DAY),
    ("6m", 182 * DAY),
    ("1y", 365 * DAY),
    ("2y", 2 * 365 * DAY),
    ("3y", 3 * 365 * DAY),
    ("5y", 5 * 365 * DAY),
];

/// What terms of a day to five years cost: the last trade of each length, and the best offer now for one lot size of GPUs from the
/// next full day (UTC) on.
#[utoipa::path(
    operation_id = "show_curve",
    tag = "market data",
    security(("oauth2" = [])),
    params(("market" = String, Path, description = "The market's id")),
    responses(
        (status = 200, description = "The curve", body = CurveBody),
        (status = 404, description = "No such market", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/markets/{market}/curve")]
pub async fn curve(
    caller: Caller<Anyone>,
    market: web::Path<MarketId>,
    node: web::Data<Node>,
    computing: web::Data<Computing>,
) -> Result<HttpResponse, Problem> {
    markets::require(&node, *market)?;
    await_reads(&node, None).await?;
    let lengths = TENORS.map(|(_, hours)| hours);
    let mut last: Vec<Option<LastBody>> = TENORS.iter().map(|_| None).collect();
    for trade in node.read_models.prices(*market).last_by_length(&lengths).await? {
        if let Some(place) = last.get_mut(trade.length) {
            *place = Some(LastBody { price: trade.price, at: trade.at.to_string() });
        }
    }
    let today = Hour::containing(node.clock.now()).hours() / DAY;
    let start = Hour::from_hours((today + 1) * DAY);
    let market = *market;
    let offers = move |exchange: &Exchange| {
        let key = exchange.venue().key(market).ok_or_else(|| Problem::not_found("market"))?;
        let offers = TENORS.iter().map(|&(_, hours)| best_offer(exchange, key, start, hours));
        Ok::<_, Problem>((exchange.sequence(), offers.collect::<Vec<_>>()))
    };
    let (sequence, offers) = computing.with_state(caller.organization, offers).await??;
    let tenors = TENORS.iter().zip(last).zip(offers);
    let data = tenors.map(|((&(tenor, hours), last), offer)| TenorBody { tenor: tenor.into(), hours, last, offer });
    let body = CurveBody { data: data.collect() };
    let sequence = sequence.min(node.read_models.position());
    Ok(answer(HttpResponse::Ok(), sequence, &body))
}

/// The cheapest way to have the lot size for the whole window.
fn best_offer(exchange: &Exchange, market: MarketKey, start: Hour, hours: u32) -> Option<OfferBody> {
    let window = Window::new(start, start.plus(hours)).ok()?;
    let venue = exchange.venue();
    let wanted = venue.at(market).spec.lot_size;
    let mut left = wanted;
    for (price, gpus) in venue.depth(market, window) {
        left = left.saturating_sub(gpus);
        if left == 0 {
            return Some(OfferBody { price, gpus: wanted, window: window.into() });
        }
    }
    None
}
