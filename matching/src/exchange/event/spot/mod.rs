//! Events of spot orders, their auctions, and the hours they sold.

mod spot_auction_held;
mod spot_auction_missed;
mod spot_bid_resumed;
mod spot_bid_suspended;
mod spot_hours_delivered;
mod spot_hours_sold;
mod spot_interrupted;
mod spot_order_placed;

use ledger::{Amount, ContractId, Currency, OrganizationId, SpotDelivery};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hours::{Hour, Window};
use crate::identity::{LotId, OrderId};
use crate::market::MarketId;
use crate::order::is_default;
use crate::price::Price;
use crate::venue::SpotSale;

pub use spot_auction_held::SpotAuctionHeld;
pub use spot_auction_missed::SpotAuctionMissed;
pub use spot_bid_resumed::SpotBidResumed;
pub use spot_bid_suspended::SpotBidSuspended;
pub use spot_hours_delivered::SpotHoursDelivered;
pub use spot_hours_sold::SpotHoursSold;
pub use spot_interrupted::SpotInterrupted;
pub use spot_order_placed::SpotOrderPlaced;

/// Terms of a spot order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotTerms {
    /// Market in which it trades.
    pub market: MarketId,
    /// Largest number of GPUs that it trades in an hour.
    pub gpus: u32,
    /// Worst price per GPU-hour that it accepts.
    pub limit_price: Price,
    /// Side of the order, with what only that has.
    pub side: SpotSide,
}

/// Side of a spot order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpotSide {
    /// Bid for the next hour, again and again.
    Buy {
        /// Smallest number of GPUs that it takes.
        min_gpus: u32,
    },
    /// Ask for every hour of a window.
    Sell {
        /// Lot that delivers.
        lot: LotId,
        /// Contract that is resold; `None` for a sale from the lot.
        #[serde(default, skip_serializing_if = "is_default")]
        contract: Option<ContractId>,
        /// Hours on offer.
        window: Window,
    },
}

/// Reason why an auction was void.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissedCause {
    /// Nobody led the exchange at the gate.
    NobodyLed,
    /// The market was halted.
    Halted,
}

/// Hold that a spot bid sets aside.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotHold {
    /// Bid that it is for.
    pub order: OrderId,
    /// Organization whose available money is set aside.
    pub organization: OrganizationId,
    /// Amount set aside, more than zero.
    pub amount: Amount,
}

/// Spot sales with one organization's own only.
#[derive(Serialize)]
pub(super) struct OwnSales {
    market: MarketId,
    hour: Hour,
    currency: Currency,
    sales: Vec<OwnSale>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    holds: Vec<SpotHold>,
}

/// Spot sale as one of its two sides sees it.
#[derive(Serialize)]
struct OwnSale {
    buyer: OrganizationId,
    seller: OrganizationId,
    lot: LotId,
    gpus: u32,
    price: Price,
    minutes: u32,
    amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    bid: Option<OrderId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer_fee: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ask: Option<OrderId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seller_fee: Option<Amount>,
}

impl OwnSales {
    pub fn of(market: MarketId, hour: Hour, currency: Currency, sales: &[SpotSale], reader: OrganizationId) -> Self {
        let own = |sale: &SpotSale| {
            let (is_bought, is_sold) = (sale.buyer == reader, sale.seller == reader);
            (is_bought || is_sold).then_some(OwnSale {
                buyer: sale.buyer,
                seller: sale.seller,
                lot: sale.lot,
                gpus: sale.gpus,
                price: sale.price,
                minutes: sale.minutes,
                amount: sale.amount,
                bid: is_bought.then_some(sale.bid),
                buyer_fee: is_bought.then_some(sale.buyer_fee),
                ask: is_sold.then_some(sale.ask),
                seller_fee: is_sold.then_some(sale.seller_fee),
            })
        };
        Self { market, hour, currency, sales: sales.iter().filter_map(own).collect(), holds: Vec::new() }
    }
}

pub(super) fn spot_deliveries(sales: &[SpotSale]) -> Vec<SpotDelivery> {
    let delivery = |sale: &SpotSale| SpotDelivery {
        buyer: sale.buyer,
        seller: sale.seller,
        amount: sale.amount,
        buyer_fee: sale.buyer_fee,
        seller_fee: sale.seller_fee,
    };
    sales.iter().map(delivery).collect()
}
