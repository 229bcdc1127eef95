//! Candles: a market's prices by the hour or by the day.

use matching::{Hour, Price};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Of what.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CandleKind {
    /// Term trades, by the time at which they traded.
    Term,
    /// Spot auctions, by the hour that they were for.
    Spot,
}

/// How long one candle is.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
pub enum CandleInterval {
    /// An hour.
    #[serde(rename = "1h")]
    Hour,
    /// A day in UTC.
    #[serde(rename = "1d")]
    Day,
}

/// Which candles.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CandleQuery {
    /// `term` when not given, or `spot`.
    #[param(inline)]
    pub kind: Option<CandleKind>,
    /// `1h` when not given, or `1d`.
    #[param(inline)]
    pub interval: Option<CandleInterval>,
    /// The first instant: on an interval's start. A hundred intervals before `end` when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    pub start: Option<Hour>,
    /// The instant after the last: on an interval's start, at most a thousand of them after `start`. The end of the interval in
    /// progress when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    pub end: Option<Hour>,
}

/// The prices of one interval.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct CandleBody {
    /// When the interval starts.
    #[schema(value_type = String, format = DateTime)]
    pub start: Hour,
    /// The first price.
    #[schema(value_type = String)]
    pub open: Price,
    /// The highest price.
    #[schema(value_type = String)]
    pub high: Price,
    /// The lowest price.
    #[schema(value_type = String)]
    pub low: Price,
    /// The last price.
    #[schema(value_type = String)]
    pub close: Price,
    /// GPU-hours.
    #[schema(value_type = String)]
    pub volume: String,
    /// Term trades, or spot auctions that had a price.
    pub trades: u64,
}

/// The candles of a market.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct CandlesBody {
    /// Those in which something traded, oldest first.
    pub data: Vec<CandleBody>,
}
