//! A market's standing spot orders, its hourly auction's place in time, and what the hours in progress have sold.

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

/// The spot side of a market.
#[derive(Clone, Debug, Default)]
pub struct SpotBook {
    pub(super) bids: BTreeMap<Rank, u32>,
    pub(super) asks: BTreeMap<Rank, u32>,
    /// The clearing price of the last auction that had one.
    pub last_price: Option<Price>,
    /// The next hour to be auctioned, when there is something to auction.
    pub next_hour: Option<Hour>,
    /// Hours whose auction is over and whose delivery is not.
    pub hours: BTreeMap<Hour, SpotHour>,
}

/// What was sold of an hour.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct SpotHour {
    /// The clearing price; none when nobody met.
    pub price: Option<Price>,
    /// Whether its auction was void, so that nothing of it is sold.
    pub void: bool,
    /// What was sold, in the auction and after it.
    pub sales: Vec<SpotSale>,
}

/// GPUs of one ask sold to one bid for an hour or what remained of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotSale {
    /// The bid.
    pub bid: OrderId,
    /// Who pays.
    pub buyer: OrganizationId,
    /// The ask.
    pub ask: OrderId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// The lot that serves it.
    pub lot: LotId,
    /// How many GPUs.
    pub gpus: u32,
    /// Per GPU-hour.
    pub price: Price,
    /// How long, in minutes up to the end of the hour: 1 to 60.
    pub minutes: u32,
    /// The price for that time.
    pub amount: Amount,
    /// The buyer's fee on it.
    pub buyer_fee: Amount,
    /// The seller's fee on it.
    pub seller_fee: Amount,
}

impl SpotBook {
    /// Whether a bid and an ask stand here, so that an auction has something to do.
    pub(crate) fn has_both_sides(&self) -> bool {
        !self.bids.is_empty() && !self.asks.is_empty()
    }
}

impl SpotHour {
    /// The GPUs that each ask has sold in this hour.
    pub fn sold_by_ask(&self) -> Map<OrderId, u32> {
        let mut sold = Map::default();
        for sale in &self.sales {
            *sold.entry(sale.ask).or_default() += sale.gpus;
        }
        sold
    }
}

impl Venue {
    /// The spot bids at rest in a market, best first.
    pub fn spot_bids(&self, market: MarketKey) -> impl Iterator<Item = &SpotBid> {
        self.at(market).spot.bids.values().filter_map(|key| self.spot_bid_at(*key))
    }

    /// The spot asks at rest in a market, best first.
    pub fn spot_asks(&self, market: MarketKey) -> impl Iterator<Item = &SpotAsk> {
        self.at(market).spot.asks.values().filter_map(|key| self.spot_ask_at(*key))
    }
}
