//! Orders by the hour, their auctions, and the hours they sold.

use ledger::{Amount, ContractId, Currency, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_default;
use crate::hours::{Hour, Window};
use crate::identity::{LotId, OrderId};
use crate::market::MarketId;
use crate::order::ClientOrderId;
use crate::price::Price;
use crate::venue::SpotSale;

/// An order by the hour was placed. What it buys of the hours in progress follows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotOrderPlaced {
    /// Its id.
    pub order: OrderId,
    /// Whose order.
    pub organization: OrganizationId,
    /// The caller's own name for it.
    pub client_order_id: Option<ClientOrderId>,
    /// What it asks for.
    pub terms: SpotTerms,
    /// What prices are in.
    pub currency: Currency,
    /// The money it sets aside, for its next hour and for what it buys now; zero for an ask.
    pub hold: Amount,
}

/// What an order by the hour asks for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotTerms {
    /// Where it trades.
    pub market: MarketId,
    /// The most GPUs.
    pub gpus: u32,
    /// The worst price per GPU-hour.
    pub limit_price: Price,
    /// What distinguishes a bid from an ask.
    pub side: SpotSide,
}

/// What distinguishes a spot bid from a spot ask.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpotSide {
    /// A bid.
    Buy {
        /// The fewest GPUs that it takes.
        min_gpus: u32,
    },
    /// An ask.
    Sell {
        /// The lot that delivers.
        lot: LotId,
        /// The contract that is resold, if one is.
        #[serde(default, skip_serializing_if = "is_default")]
        contract: Option<ContractId>,
        /// The hours on offer.
        window: Window,
    },
}

/// A market's auction for an hour was held.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotAuctionHeld {
    /// Where.
    pub market: MarketId,
    /// For which hour.
    pub hour: Hour,
    /// The clearing price, which is the market's spot index for the hour; none when nobody met.
    pub price: Option<Price>,
    /// GPUs sold.
    pub gpus: u32,
    /// GPUs bid for, at any price.
    pub gpus_bid: u64,
    /// GPUs on offer, at any price.
    pub gpus_offered: u64,
}

/// A market's auction for an hour was void: the hour is neither sold nor billed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotAuctionMissed {
    /// Where.
    pub market: MarketId,
    /// For which hour.
    pub hour: Hour,
    /// Why.
    pub cause: MissedCause,
}

/// Why an auction was void.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissedCause {
    /// Nobody led the exchange at the gate.
    NobodyLed,
    /// The market was halted.
    Halted,
}

/// GPUs were sold for an hour, in its auction or after it. An auction with many sales has several of these.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotHoursSold {
    /// Where.
    pub market: MarketId,
    /// Which hour.
    pub hour: Hour,
    /// What prices are in.
    pub currency: Currency,
    /// The sales; each is paid out of what its bid has set aside.
    pub sales: Vec<SpotSale>,
    /// What the bids set aside anew, so that each holds its next hour.
    pub holds: Vec<SpotHold>,
}

/// Money that a spot bid sets aside.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotHold {
    /// The bid.
    pub order: OrderId,
    /// Whose money.
    pub organization: OrganizationId,
    /// How much, more than zero.
    pub amount: Amount,
}

/// A buyer by the hour loses GPUs at the end of the hour in progress, which stays firm.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotInterrupted {
    /// The bid.
    pub order: OrderId,
    /// Whose bid.
    pub organization: OrganizationId,
    /// Where.
    pub market: MarketId,
    /// The hour from whose start on they are lost.
    pub hour: Hour,
    /// How many GPUs are lost.
    pub gpus: u32,
    /// How many GPUs stay.
    pub gpus_kept: u32,
}

/// A spot bid waits for funds and takes no part in auctions until it has them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotBidSuspended {
    /// The bid.
    pub order: OrderId,
    /// Whose bid.
    pub organization: OrganizationId,
    /// Where.
    pub market: MarketId,
    /// What prices are in.
    pub currency: Currency,
    /// What it had set aside, given back.
    pub hold_released: Amount,
}

/// A spot bid has funds again and takes part in auctions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotBidResumed {
    /// The bid.
    pub order: OrderId,
    /// Whose bid.
    pub organization: OrganizationId,
    /// Where.
    pub market: MarketId,
    /// What prices are in.
    pub currency: Currency,
    /// The money that it sets aside for its next hour.
    pub hold: Amount,
}

/// An hour sold by the hour was delivered, by record. An hour with many sales has several of these.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotHoursDelivered {
    /// Where.
    pub market: MarketId,
    /// Which hour.
    pub hour: Hour,
    /// What prices are in.
    pub currency: Currency,
    /// What was sold.
    pub sales: Vec<SpotSale>,
}
