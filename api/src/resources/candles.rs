//! Candles: what a market's prices did in each hour or day.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use infra::read_models::{Candle, CandleLength, CandleSource};
use ledger::Instant;
use matching::{Hour, MarketId};
use wire::candles::{CandleBody, CandleInterval, CandleKind, CandleQuery, CandlesBody};
use wire::problem::ProblemBody;

use super::markets;
use crate::auth::{Anyone, Caller};
use crate::problem::{Problem, ProblemCode};
use crate::request::{answer, await_reads};

/// The most intervals in one answer.
const CANDLES_MAX: u32 = 1_000;
/// How many intervals before `end` the answer starts when no `start` is given.
const CANDLES_DEFAULT: u32 = 100;

fn interval_hours(interval: CandleInterval) -> u32 {
    match interval {
        CandleInterval::Hour => 1,
        CandleInterval::Day => 24,
    }
}

fn candle_length(interval: CandleInterval) -> CandleLength {
    match interval {
        CandleInterval::Hour => CandleLength::Hour,
        CandleInterval::Day => CandleLength::Day,
    }
}

fn candle_span(query: &CandleQuery, interval: CandleInterval, now: Instant) -> Result<(Hour, Hour), Problem> {
    let step = interval_hours(interval);
    let invalid = |detail: String| Problem::new(ProblemCode::InvalidQuery, detail);
    let present = Hour::containing(now);
    let next = Hour::from_hours(present.hours() - present.hours() % step).plus(step);
    let end = query.end.unwrap_or(next);
    let start = query.start.unwrap_or_else(|| Hour::from_hours(end.hours().saturating_sub(CANDLES_DEFAULT * step)));
    if !start.hours().is_multiple_of(step) || !end.hours().is_multiple_of(step) {
        return Err(invalid(format!("start and end must be on the {}.", candle_length(interval).unit())));
    }
    if start >= end {
        return Err(invalid("start must be before end.".to_owned()));
    }
    if (end.hours() - start.hours()) / step > CANDLES_MAX {
        return Err(invalid(format!("At most {CANDLES_MAX} intervals are answered at once.")));
    }
    Ok((start, end))
}

/// A market's prices by the hour or by the day, oldest first. Intervals in which nothing traded are left out, and so are trades
/// that were undone. Term candles go by the time of the trade, spot candles by the hour of the auction.
#[utoipa::path(
    operation_id = "list_candles",
    tag = "market data",
    security(("oauth2" = [])),
    params(("market" = String, Path, description = "The market's id"), CandleQuery),
    responses(
        (status = 200, description = "The candles", body = CandlesBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/markets/{market}/candles")]
pub async fn candles(
    _caller: Caller<Anyone>,
    market: web::Path<MarketId>,
    query: web::Query<CandleQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    markets::require(&node, *market)?;
    let interval = query.interval.unwrap_or(CandleInterval::Hour);
    let (start, end) = candle_span(&query, interval, node.clock.now())?;
    await_reads(&node, None).await?;
    let source = match query.kind.unwrap_or(CandleKind::Term) {
        CandleKind::Term => CandleSource::Trades,
        CandleKind::Spot => CandleSource::Auctions,
    };
    let candles = node.read_models.prices(*market).candles(source, candle_length(interval), start, end).await?;
    let data = candles.iter().map(candle_body).collect();
    Ok(answer(HttpResponse::Ok(), node.read_models.position(), &CandlesBody { data }))
}

fn candle_body(candle: &Candle) -> CandleBody {
    let Candle { start, open, high, low, close, volume, trades } = *candle;
    CandleBody { start, open, high, low, close, volume: volume.normalize().to_string(), trades }
}
