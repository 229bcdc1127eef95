//! Quotes: what an order would do.

use std::borrow::Cow;

use ledger::{Amount, Currency};
use matching::{MarketId, Price};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::orders::{NewOrderBody, UnfilledBody};
use crate::window::WindowBody;

/// What an order would do if it came now.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum QuoteBody {
    /// It would fill whole.
    Fillable(Box<FillableBody>),
    /// It would not.
    Unfillable(UnfillableBody),
}

/// An order that would fill whole.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct FillableBody {
    /// True.
    pub fillable: bool,
    /// How many GPUs.
    pub gpus: u32,
    /// The average price of its trades.
    #[schema(value_type = String)]
    pub average_price: Price,
    /// What amounts are in.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// What you would pay for the whole window, fees included.
    #[schema(value_type = String)]
    pub total: Amount,
    /// The fees in it.
    #[schema(value_type = String)]
    pub fees: Amount,
    /// The hours that you would get.
    pub window: WindowBody,
    /// The trades, best first.
    pub trades: Vec<QuotedTradeBody>,
    /// The order, ready to post: while the book is as it is, it fills at this price, unless something blocks it.
    pub order: NewOrderBody,
    /// Why the order would be refused all the same if you posted it now; absent when it would not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked_by: Option<BlockedBody>,
}

/// What keeps an order that would fill from being placed: money, a limit, a price band, a suspension.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct BlockedBody {
    /// The code of the problem that posting the order would be answered with.
    #[schema(value_type = String, example = "insufficient_funds")]
    pub code: Cow<'static, str>,
    /// The cause in a sentence.
    pub detail: String,
}

/// A trade that an order would make.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct QuotedTradeBody {
    /// Where.
    #[schema(value_type = String)]
    pub market: MarketId,
    /// The lot that would serve it.
    pub lot: Uuid,
    /// How many GPUs.
    pub gpus: u32,
    /// Per GPU-hour.
    #[schema(value_type = String)]
    pub price: Price,
}

/// An order that would not fill whole.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct UnfillableBody {
    /// False.
    pub fillable: bool,
    /// Why not, and what would.
    pub unfilled: UnfilledBody,
}
