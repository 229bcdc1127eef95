//! Orders for a term, their trades, and the contracts that follow.

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

/// What an order for a term asks for, in full: every default resolved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrderTerms {
    /// Where it trades.
    pub market: MarketId,
    /// Where else a bid trades.
    #[serde(default, skip_serializing_if = "is_default")]
    pub other_markets: Vec<MarketId>,
    /// How many GPUs.
    pub gpus: u32,
    /// The worst price per GPU-hour.
    pub limit_price: Price,
    /// The hours to buy, or on offer.
    pub window: TermWindow,
    /// What distinguishes a bid from an ask.
    pub side: OrderSide,
}

/// What distinguishes a bid from an ask.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderSide {
    /// A bid.
    Buy(BidOptions),
    /// An ask.
    Sell {
        /// The lot that delivers.
        lot: LotId,
        /// The contract that is resold, if one is.
        #[serde(default, skip_serializing_if = "is_default")]
        contract: Option<ContractId>,
        /// How short and how long a sale may be.
        hours: HoursRange,
        /// What happens when it meets an order of its own organization.
        #[serde(default, skip_serializing_if = "is_default")]
        self_trade_prevention: SelfTradePrevention,
    },
}

impl OrderTerms {
    /// Everywhere it trades.
    pub fn markets(&self) -> impl Iterator<Item = MarketId> + '_ {
        std::iter::once(self.market).chain(self.other_markets.iter().copied())
    }
}

/// What backs an ask on this lot, or on this contract.
pub(in crate::exchange) fn supply_of(lot: LotId, contract: Option<ContractId>) -> Supply {
    contract.map_or(Supply::Lot(lot), Supply::Contract)
}

/// Why an order ended with something left of it.
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

/// One contract's part of a delivered hour.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContractHour {
    /// The contract.
    pub contract: ContractId,
    /// Who delivered.
    pub seller: OrganizationId,
    /// The box that earned it in the seller's place, where the contract is assigned to one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub assignee: Option<Assignee>,
    /// The hour at the contract's price.
    pub amount: Amount,
    /// The buyer's fee on it.
    pub buyer_fee: Amount,
    /// The seller's fee on it.
    pub seller_fee: Amount,
    /// Whether this was the contract's last hour.
    pub completed: bool,
    /// What was not delivered of it, or is paid now for what was not delivered before.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shortfall: Option<HourShortfall>,
}
