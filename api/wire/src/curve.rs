//! The curve: what GPUs cost over the usual lengths.

use std::borrow::Cow;

use matching::Price;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::window::WindowBody;

/// One length of term.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct TenorBody {
    /// Its name.
    #[schema(example = "1m")]
    pub tenor: Cow<'static, str>,
    /// Its length in hours.
    #[schema(example = 720)]
    pub hours: u32,
    /// The last trade of at least this length and less than the next one's.
    pub last: Option<LastBody>,
    /// The best offer now.
    pub offer: Option<OfferBody>,
}

/// A trade's price and time.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct LastBody {
    /// Per GPU-hour.
    #[schema(value_type = String)]
    pub price: Price,
    /// When it traded.
    #[schema(format = DateTime)]
    pub at: String,
}

/// What the market's lot size costs for the tenor from the next full day on.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct OfferBody {
    /// Per GPU-hour: the dearest of the asks that it takes.
    #[schema(value_type = String)]
    pub price: Price,
    /// How many GPUs: the lot size.
    pub gpus: u32,
    /// When.
    pub window: WindowBody,
}

/// A market's price by the length of the term.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct CurveBody {
    /// The tenors, shortest first.
    pub data: Vec<TenorBody>,
}
