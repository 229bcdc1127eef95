//! Spot auctions and sales by the hour.

use std::borrow::Cow;

use ledger::Amount;
use matching::{Hour, Price};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A market's auction for an hour.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct AuctionBody {
    /// The hour.
    #[schema(value_type = String, format = DateTime)]
    pub hour: Hour,
    /// The clearing price, which is the market's spot index for the hour; null when nobody met.
    #[schema(value_type = Option<String>)]
    pub clearing_price: Option<Price>,
    /// GPUs sold in the auction.
    pub gpus: u64,
    /// GPUs bid for, at any price.
    pub bids: u64,
    /// GPUs on offer, at any price.
    pub asks: u64,
    /// Why the auction was void, if it was: `nobody_led` or `halted`. That hour is neither sold nor billed.
    pub missed: Option<Cow<'static, str>>,
}

/// Which auctions to list.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SpotQuery {
    /// Only this hour: the answer is its auction, not a list.
    #[param(value_type = Option<String>, format = DateTime)]
    pub hour: Option<Hour>,
    /// Where the page before ended: its `next_cursor`.
    pub cursor: Option<String>,
    /// Items in the page, 1 to 500; 50 when not given.
    pub limit: Option<u32>,
}

/// GPUs bought or sold by the hour.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct SpotSaleBody {
    /// Your order.
    pub order: Uuid,
    /// `buy` or `sell`.
    pub side: Cow<'static, str>,
    /// Where.
    pub market: String,
    /// The hour.
    #[schema(value_type = String, format = DateTime)]
    pub hour: Hour,
    /// The minutes of it, up to its end: 60 in the auction, fewer after it.
    pub minutes: u32,
    /// Who pays.
    pub buyer: String,
    /// Who delivers.
    pub seller: String,
    /// The lot that serves it.
    pub lot: Uuid,
    /// How many GPUs.
    pub gpus: u32,
    /// Per GPU-hour.
    #[schema(value_type = String)]
    pub price: Price,
    /// What amounts are in.
    pub currency: String,
    /// The price for these minutes.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// Your fee on it.
    #[schema(value_type = String)]
    pub fee: Amount,
}
