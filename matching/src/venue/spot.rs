//! Spot side of a market: standing orders, the next auction, and the sales of the hours in progress.

use std::collections::BTreeMap;

use ledger::{Amount, Map, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Venue;
use crate::hours::Hour;
use crate::identity::{LotId, OrderId};
use crate::keys::MarketKey;
use crate::order::{Rank, SpotAsk, SpotBid};
use crate::price::Price;

/// Spot side of a market.
#[derive(Clone, Debug, Default)]
pub struct SpotBook {
    pub(super) bids: BTreeMap<Rank, u32>,
    pub(super) asks: BTreeMap<Rank, u32>,
    /// Clearing price of the last auction that had one; `None` before the first.
    pub last_price: Option<Price>,
    /// Next hour to be auctioned; `None` when there is nothing to auction.
    pub next_hour: Option<Hour>,
    /// Hours whose auction is over and whose delivery is not.
    pub hours: BTreeMap<Hour, SpotHour>,
}

/// Result of an hour's auction, with its sales.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct SpotHour {
    /// Clearing price; `None` when no bid reached an ask.
    pub price: Option<Price>,
    /// Whether its auction was void, so that nothing of it is sold.
    pub void: bool,
    /// Sales in the auction and after it.
    pub sales: Vec<SpotSale>,
}

/// Sale of one ask's GPUs to one bid for an hour or what remained of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotSale {
    /// Order id of the bid.
    pub bid: OrderId,
    /// Buyer, who pays.
    pub buyer: OrganizationId,
    /// Order id of the ask.
    pub ask: OrderId,
    /// Seller, who answers for the delivery.
    pub seller: OrganizationId,
    /// Lot that serves it.
    pub lot: LotId,
    /// Number of GPUs.
    pub gpus: u32,
    /// Price per GPU-hour.
    pub price: Price,
    /// Length in minutes up to the end of the hour: 1 to 60.
    pub minutes: u32,
    /// Price for that time, without fees.
    pub amount: Amount,
    /// Fee of the buyer, on top of the price.
    pub buyer_fee: Amount,
    /// Fee of the seller, deducted from the price.
    pub seller_fee: Amount,
}

impl SpotBook {
    /// Returns whether a bid and an ask stand here, so that an auction has something to do.
    pub(crate) fn has_both_sides(&self) -> bool {
        !self.bids.is_empty() && !self.asks.is_empty()
    }
}

impl SpotHour {
    /// Counts the GPUs that each ask has sold in this hour.
    pub fn sold_by_ask(&self) -> Map<OrderId, u32> {
        let mut sold = Map::default();
        for sale in &self.sales {
            *sold.entry(sale.ask).or_default() += sale.gpus;
        }
        sold
    }
}

impl Venue {
    /// Iterates over the spot bids at rest in a market, best first.
    pub fn spot_bids(&self, market: MarketKey) -> impl Iterator<Item = &SpotBid> {
        self.at(market).spot.bids.values().filter_map(|key| self.spot_bid_at(*key))
    }

    /// Iterates over the spot asks at rest in a market, best first.
    pub fn spot_asks(&self, market: MarketKey) -> impl Iterator<Item = &SpotAsk> {
        self.at(market).spot.asks.values().filter_map(|key| self.spot_ask_at(*key))
    }
}
