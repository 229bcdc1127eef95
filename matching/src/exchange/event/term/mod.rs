//! Events of term orders, their trades, and the contracts that follow.

mod contract_busted;
mod hours_delivered;
mod order_amended;
mod order_closed;
mod order_placed;
mod trade_executed;

use ledger::{Amount, ContractId, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::contract::Assignee;
use crate::exchange::HourShortfall;
use crate::hours::TermWindow;
use crate::identity::LotId;
use crate::lot::Supply;
use crate::market::MarketId;
use crate::order::{BidOptions, HoursRange, SelfTradePrevention, is_default};
use crate::price::Price;

pub use contract_busted::ContractBusted;
pub use hours_delivered::HoursDelivered;
pub use order_amended::OrderAmended;
pub use order_closed::OrderClosed;
pub use order_placed::OrderPlaced;
pub use trade_executed::TradeExecuted;

/// Terms of a term order, every default resolved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrderTerms {
    /// First market in which it trades; of an ask, the only one.
    pub market: MarketId,
    /// Further markets in which a bid trades; empty for an ask.
    #[serde(default, skip_serializing_if = "is_default")]
    pub other_markets: Vec<MarketId>,
    /// Number of GPUs.
    pub gpus: u32,
    /// Worst price per GPU-hour that it accepts.
    pub limit_price: Price,
    /// Hours to buy, or on offer.
    pub window: TermWindow,
    /// Side of the order, with what only that has.
    pub side: OrderSide,
}

/// Side of a term order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderSide {
    /// Bid with its options.
    Buy(BidOptions),
    /// Ask on a lot or a contract.
    Sell {
        /// Lot that delivers.
        lot: LotId,
        /// Contract that is resold; `None` for a sale from the lot.
        #[serde(default, skip_serializing_if = "is_default")]
        contract: Option<ContractId>,
        /// Shortest and longest sale, in hours.
        hours: HoursRange,
        /// Rule for meeting an order of its own organization.
        #[serde(default, skip_serializing_if = "is_default")]
        self_trade_prevention: SelfTradePrevention,
    },
}

impl OrderTerms {
    /// Iterates over all its markets.
    pub fn markets(&self) -> impl Iterator<Item = MarketId> + '_ {
        std::iter::once(self.market).chain(self.other_markets.iter().copied())
    }
}

/// Returns the supply of an ask on this lot, or on this contract.
pub(in crate::exchange) fn supply_of(lot: LotId, contract: Option<ContractId>) -> Supply {
    contract.map_or(Supply::Lot(lot), Supply::Contract)
}

/// Reason why an order ended with a part of it unfilled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// Its owner cancelled it.
    Cancelled,
    /// Its time in force does not let it rest.
    TimeInForce,
    /// It would have traded with an order of its own organization.
    SelfTrade,
    /// Its window came too near, or passed, or its own time ended.
    Expired,
    /// It was post-only and would have traded at once.
    PostOnly,
    /// Its lot was withdrawn.
    Withdrawn,
    /// Its organization was suspended.
    Suspended,
    /// The contract that it was to resell was undone.
    Busted,
    /// The contract that it was to resell ended before its time.
    Terminated,
}

/// Part of a delivered hour for one contract.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContractHour {
    /// Contract that was delivered.
    pub contract: ContractId,
    /// Seller of the contract.
    pub seller: OrganizationId,
    /// Box that earned it in the seller's place; `None` unless the contract is assigned to one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub assignee: Option<Assignee>,
    /// Price of the time delivered in the hour, without fees.
    pub amount: Amount,
    /// Fee of the buyer, on top of the price.
    pub buyer_fee: Amount,
    /// Fee of the seller, deducted from the price.
    pub seller_fee: Amount,
    /// Whether this was the contract's last hour.
    pub completed: bool,
    /// Time of it that was not delivered, and payments for earlier time; `None` when there is neither.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shortfall: Option<HourShortfall>,
}
