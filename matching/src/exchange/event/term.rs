//! Orders for a term, their trades, and the contracts that follow.

use ledger::{Amount, ContractId, Currency, Instant, Label, OrganizationId, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Advance, HourShortfall, is_default};
use crate::billing::Billing;
use crate::contract::Assignee;
use crate::hours::{Hour, TermWindow, Window};
use crate::identity::{LotId, OrderId, TradeId};
use crate::lot::Supply;
use crate::market::{Liquidity, MarketId};
use crate::order::{ClientOrderId, HoursRange, Placement, SelfTradePrevention, TimeInForce};
use crate::price::Price;
use crate::venue::Unfilled;

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
    Buy {
        /// How long it stays.
        time_in_force: TimeInForce,
        /// The fewest GPUs in one trade; all of them for all-or-none.
        min_gpus: u32,
        /// Of a GTD bid: when it ends.
        #[serde(default, skip_serializing_if = "is_default")]
        expires_at: Option<Instant>,
        /// Which lots may serve it together.
        #[serde(default, skip_serializing_if = "is_default")]
        placement: Placement,
        /// Whether it is cancelled rather than trade at once.
        #[serde(default, skip_serializing_if = "is_default")]
        post_only: bool,
        /// What happens when it meets an order of its own organization.
        #[serde(default, skip_serializing_if = "is_default")]
        self_trade_prevention: SelfTradePrevention,
        /// How its contracts are paid; whole where it does not say.
        #[serde(default, skip_serializing_if = "is_default")]
        billing: Option<Billing>,
    },
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

/// An order was placed. Trades of the same command follow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrderPlaced {
    /// Its id.
    pub order: OrderId,
    /// Whose order.
    pub organization: OrganizationId,
    /// The caller's own name for it.
    pub client_order_id: Option<ClientOrderId>,
    /// What it asks for.
    pub terms: OrderTerms,
    /// What prices are in.
    pub currency: Currency,
    /// The money it sets aside; zero for an ask.
    pub hold: Amount,
    /// Why a bid does not fill whole at once.
    pub unfilled: Option<Unfilled>,
}

/// An order was changed. Trades of the same command follow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrderAmended {
    /// The order.
    pub order: OrderId,
    /// Whose order.
    pub organization: OrganizationId,
    /// Where it trades.
    pub market: MarketId,
    /// GPUs, those already traded included.
    pub gpus: u32,
    /// The fewest GPUs of a bid in one trade.
    pub min_gpus: Option<u32>,
    /// The worst price per GPU-hour.
    pub limit_price: Price,
    /// The hours; none for a spot bid.
    pub window: Option<TermWindow>,
    /// Whether it keeps its place in time.
    pub keeps_priority: bool,
    /// What prices are in.
    pub currency: Currency,
    /// The money that it sets aside in addition.
    pub hold_placed: Amount,
    /// The money that it does not need any more, given back.
    pub hold_released: Amount,
    /// Why a bid that arrives anew does not fill whole at once.
    pub unfilled: Option<Unfilled>,
}

/// A bid and an ask traded, and a contract came into being.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TradeExecuted {
    /// The trade.
    pub trade: TradeId,
    /// The contract it created.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// The lot that serves it.
    pub lot: LotId,
    /// The contract that was resold, if one was.
    #[serde(default, skip_serializing_if = "is_default")]
    pub head: Option<ContractId>,
    /// The bid.
    pub bid: OrderId,
    /// The ask.
    pub ask: OrderId,
    /// Who pays.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// How many GPUs.
    pub gpus: u32,
    /// Per GPU-hour.
    pub price: Price,
    /// When.
    pub window: Window,
    /// What prices are in.
    pub currency: Currency,
    /// The whole window at the price.
    pub amount: Amount,
    /// Whether the buyer rested or arrived.
    pub buyer_liquidity: Liquidity,
    /// The buyer's fee rate in basis points.
    pub buyer_fee_bps: u16,
    /// The buyer's fee on the amount.
    pub buyer_fee: Amount,
    /// The seller's fee rate in basis points.
    pub seller_fee_bps: u16,
    /// The seller's fee on the amount.
    pub seller_fee: Amount,
    /// Of a contract that is cut into periods: what is paid of it now. Others are paid whole.
    #[serde(default, skip_serializing_if = "is_default")]
    pub advance: Option<Advance>,
    /// What the bid had set aside beyond what is paid now, given back.
    pub hold_released: Amount,
    /// GPUs that the bid still wants.
    pub bid_remaining: u32,
    /// The most GPUs that the ask has now sold in any one hour.
    pub ask_sold_gpus: u32,
    /// Whether the ask has sold every hour of its window.
    pub ask_filled: bool,
}

impl TradeExecuted {
    /// What the buyer has paid: the whole, or the first period.
    pub fn prepaid(&self) -> Amount {
        self.advance.map_or(self.amount + self.buyer_fee, |advance| advance.prepaid)
    }

    /// The end of the hours that the buyer has paid.
    pub fn paid_until(&self) -> Hour {
        self.advance.map_or(self.window.end(), |advance| advance.billing.first_period(self.window).end())
    }

    /// The security deposit that the buyer has paid.
    pub fn deposit(&self) -> Amount {
        self.advance.map_or(Amount::ZERO, |advance| advance.deposit)
    }
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

/// An order ended with something left of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrderClosed {
    /// The order.
    pub order: OrderId,
    /// Whose order.
    pub organization: OrganizationId,
    /// Where it traded.
    pub market: MarketId,
    /// Why.
    pub reason: CloseReason,
    /// What prices are in.
    pub currency: Currency,
    /// What it still had set aside, given back; zero for an ask.
    pub hold_released: Amount,
}

/// An hour of a market's contracts was delivered, by record. A market with many contracts has several events per hour.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HoursDelivered {
    /// The market.
    pub market: MarketId,
    /// The hour.
    pub hour: Hour,
    /// What prices are in.
    pub currency: Currency,
    /// What each contract earned.
    pub contracts: Vec<ContractHour>,
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

/// A trade made in error was undone before its delivery began.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContractBusted {
    /// The contract.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// The lot that would have served it.
    pub lot: LotId,
    /// The contract that was resold, if one was.
    pub head: Option<ContractId>,
    /// The ask that sold it.
    pub ask: OrderId,
    /// The trade that is undone.
    #[serde(default, skip_serializing_if = "is_default")]
    pub trade: Option<TradeId>,
    /// The most GPUs that the ask has sold in any one hour without it. An ask that had sold all is open again; none for one that
    /// has ended and stays so.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ask_sold_gpus: Option<u32>,
    /// Who would have paid.
    pub buyer: OrganizationId,
    /// Who would have delivered.
    pub seller: OrganizationId,
    /// How many GPUs.
    pub gpus: u32,
    /// When.
    pub window: Window,
    /// What prices are in.
    pub currency: Currency,
    /// What the buyer gets back of what it has paid: the price and the fee.
    pub refund: Amount,
    /// The security deposit, which the buyer gets back as well.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deposit: Amount,
    /// Why.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
}
