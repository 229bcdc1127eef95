//! Candles: what a market's prices did in each hour or day.

use actix_web::{HttpResponse, get, web};
use infra::journal::timestamp;
use infra::node::Node;
use ledger::Instant;
use matching::{Hour, MarketId, Price};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use utoipa::{IntoParams, ToSchema};

use super::markets;
use crate::auth::{Anyone, Caller};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::request::{answer, await_reads};
use crate::wire::{instant, price};

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

    /// The word for it in PostgreSQL's `date_trunc`.
    fn unit(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
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
            return Err(invalid(format!("start and end must be on the {}.", interval.unit())));
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
    // One trade's price, GPU-hours, time, and what orders those of one time.
    let source = match query.kind.unwrap_or(CandleKind::Term) {
        CandleKind::Term => {
            "SELECT at, sequence, price, gpus::bigint * (extract(epoch FROM window_end - window_start) / 3600)::bigint AS volume \
             FROM trades WHERE market = $1 AND at >= $2 AND at < $3 AND NOT busted"
        }
        CandleKind::Spot => {
            "SELECT hour AS at, sequence, clearing_price AS price, gpus AS volume \
             FROM spot_auctions WHERE market = $1 AND hour >= $2 AND hour < $3 AND clearing_price IS NOT NULL"
        }
    };
    let statement = format!(
        "SELECT date_trunc('{}', at, 'UTC') AS start, (array_agg(price ORDER BY sequence))[1], max(price), min(price), \
         (array_agg(price ORDER BY sequence DESC))[1], sum(volume)::numeric, count(*) FROM ({source}) AS traded \
         GROUP BY start ORDER BY start",
        interval.unit()
    );
    let client = node.database.get().await?;
    let from_to = (timestamp(start.start()), timestamp(end.start()));
    let rows = client.query(&statement, &[&market.as_str(), &from_to.0, &from_to.1]).await?;
    let data = rows.iter().map(candle_of_row).collect::<Result<_, _>>()?;
    Ok(answer(HttpResponse::Ok(), node.projection.position(), &CandlesBody { data }))
}

fn candle_of_row(row: &Row) -> Result<CandleBody, Problem> {
    Ok(CandleBody {
        start: Hour::containing(instant(row.get(0))),
        open: price(row.get(1))?,
        high: price(row.get(2))?,
        low: price(row.get(3))?,
        close: price(row.get(4))?,
        volume: row.get::<_, Decimal>(5).normalize().to_string(),
        trades: u64::try_from(row.get::<_, i64>(6)).unwrap_or(0),
    })
}
