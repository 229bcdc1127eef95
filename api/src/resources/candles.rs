//! Candles: what a market's prices did in each hour or day.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use infra::read_models::{Candle, CandleLength, CandleSource};
use ledger::Instant;
use matching::{Hour, MarketId, Price};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wire::problem::ProblemBody;

use super::markets;
use crate::auth::{Anyone, Caller};
use crate::problem::{Problem, ProblemCode};
use crate::request::{answer, await_reads};

/// The most intervals in one answer.
const CANDLES_MAX: u32 = 1_000;
/// How many intervals before `end` the answer starts when no `start` is given.
const CANDLES_DEFAULT: u32 = 100;

/// Of what.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum CandleKind {
    /// Term trades, by the time at which they traded.
    Term,
    /// Spot auctions, by the hour that they were for.
    Spot,
}

/// How long one candle is.
#[derive(Clone, Copy, Deserialize, ToSchema)]
enum CandleInterval {
    /// An hour.
    #[serde(rename = "1h")]
    Hour,
    /// A day in UTC.
    #[serde(rename = "1d")]
    Day,
}

impl CandleInterval {
    fn hours(self) -> u32 {
        match self {
            Self::Hour => 1,
            Self::Day => 24,
        }
    }
}

impl From<CandleInterval> for CandleLength {
    fn from(interval: CandleInterval) -> Self {
        match interval {
            CandleInterval::Hour => Self::Hour,
            CandleInterval::Day => Self::Day,
        }
    }
}

/// Which candles.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CandleQuery {
    /// `term` when not given, or `spot`.
    #[param(inline)]
    kind: Option<CandleKind>,
    /// `1h` when not given, or `1d`.
    #[param(inline)]
    interval: Option<CandleInterval>,
    /// The first instant: on an interval's start. A hundred intervals before `end` when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    start: Option<Hour>,
    /// The instant after the last: on an interval's start, at most a thousand of them after `start`. The end of the interval in
    /// progress when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    end: Option<Hour>,
}

impl CandleQuery {
    fn span(&self, interval: CandleInterval, now: Instant) -> Result<(Hour, Hour), Problem> {
        let step = interval.hours();
        let invalid = |detail: String| Problem::new(ProblemCode::InvalidQuery, detail);
        let present = Hour::containing(now);
        let next = Hour::from_hours(present.hours() - present.hours() % step).plus(step);
        let end = self.end.unwrap_or(next);
        let start = self.start.unwrap_or_else(|| Hour::from_hours(end.hours().saturating_sub(CANDLES_DEFAULT * step)));
        if !start.hours().is_multiple_of(step) || !end.hours().is_multiple_of(step) {
            return Err(invalid(format!("start and end must be on the {}.", CandleLength::from(interval).unit())));
        }
        if start >= end {
            return Err(invalid("start must be before end.".to_owned()));
        }
        if (end.hours() - start.hours()) / step > CANDLES_MAX {
            return Err(invalid(format!("At most {CANDLES_MAX} intervals are answered at once.")));
        }
        Ok((start, end))
    }
}

/// The prices of one interval.
#[derive(Serialize, ToSchema)]
pub struct CandleBody {
    /// When the interval starts.
    #[schema(value_type = String, format = DateTime)]
    start: Hour,
    /// The first price.
    #[schema(value_type = String)]
    open: Price,
    /// The highest price.
    #[schema(value_type = String)]
    high: Price,
    /// The lowest price.
    #[schema(value_type = String)]
    low: Price,
    /// The last price.
    #[schema(value_type = String)]
    close: Price,
    /// GPU-hours.
    #[schema(value_type = String)]
    volume: String,
    /// Term trades, or spot auctions that had a price.
    trades: u64,
}

/// The candles of a market.
#[derive(Serialize, ToSchema)]
pub struct CandlesBody {
    /// Those in which something traded, oldest first.
    data: Vec<CandleBody>,
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
    let (start, end) = query.span(interval, node.clock.now())?;
    await_reads(&node, None).await?;
    let source = match query.kind.unwrap_or(CandleKind::Term) {
        CandleKind::Term => CandleSource::Trades,
        CandleKind::Spot => CandleSource::Auctions,
    };
    let candles = node.read_models.prices(*market).candles(source, interval.into(), start, end).await?;
    let data = candles.into_iter().map(CandleBody::from).collect();
    Ok(answer(HttpResponse::Ok(), node.read_models.position(), &CandlesBody { data }))
}

impl From<Candle> for CandleBody {
    fn from(candle: Candle) -> Self {
        let Candle { start, open, high, low, close, volume, trades } = candle;
        Self { start, open, high, low, close, volume: volume.normalize().to_string(), trades }
    }
}
