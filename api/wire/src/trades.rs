//! Trades: one's own, and a market's without names.

use std::borrow::Cow;

use ledger::Amount;
use matching::Price;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::window::WindowBody;

/// A trade of one's own.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct TradeBody {
    /// Its id.
    pub id: Uuid,
    /// The contract it created.
    pub contract: Uuid,
    /// Where it traded.
    pub market: String,
    /// The lot that serves it.
    pub lot: Uuid,
    /// Your order: the bid of a buyer, the ask of a provider.
    pub order: Uuid,
    /// `buy` or `sell`.
    pub side: Cow<'static, str>,
    /// How many GPUs.
    pub gpus: u32,
    /// Per GPU-hour.
    #[schema(value_type = String)]
    pub price: Price,
    /// When.
    pub window: WindowBody,
    /// What amounts are in.
    pub currency: String,
    /// The whole window at the price.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// Your fee on it.
    #[schema(value_type = String)]
    pub fee: Amount,
    /// When it traded.
    #[schema(format = DateTime)]
    pub at: String,
    /// Whether it was undone.
    pub busted: bool,
    /// Its sequence in the log.
    pub sequence: u64,
}

/// A trade as everyone sees it.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct MarketTradeBody {
    /// Its id.
    pub id: Uuid,
    /// How many GPUs.
    pub gpus: u32,
    /// Per GPU-hour.
    #[schema(value_type = String)]
    pub price: Price,
    /// When it is delivered.
    pub window: WindowBody,
    /// When it traded.
    #[schema(format = DateTime)]
    pub at: String,
    /// Whether it was undone: it stands in no candle and is not the last price.
    pub busted: bool,
    /// Its sequence in the log.
    pub sequence: u64,
}
