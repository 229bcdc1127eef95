//! Events: what happened. They are the log's format: a published version never changes, a new shape is a new version.
//!
//! Every event carries all that its journal entries need, so that the books can be recomputed from the log alone.

use ledger::{Amount, ContractId, Currency, DepositId, Instant, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ClientOrderId, CommandId, Hour, HoursRange, Liquidity, LotId, MarketId, MarketSpec, OrderId, Placement, Price,
    PriceBand, SelfTradePrevention, SpotSale, Supply, TermWindow, TimeInForce, TradeId, Unfilled, Window,
};

/// An event with its place in the log.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// Its place in the log, from 1, without gaps.
    pub sequence: u64,
    /// When it happened.
    pub at: Instant,
    /// The command that led to it, be it only by moving time.
    pub command: CommandId,
    /// What happened.
    pub event: Event,
}

/// A log row could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No version of this program wrote such an event.
    #[error("the log holds an event of type {name} version {version}, which this program does not know")]
    Unknown {
        /// The type found.
        name: String,
        /// The version found.
        version: u16,
    },
    /// The content does not have the form of its type.
    #[error("the content of an event of type {name} cannot be read: {error}")]
    Malformed {
        /// The type.
        name: String,
        /// What the reader met.
        error: serde_json::Error,
    },
}

/// Declares the types of events: variant, name, version. A type that has grown by optional fields and by values of its
/// enumerations alone also reads its older versions, from the first in brackets.
macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $version:literal $([from $oldest:literal])?;)*) => {
        /// Something that happened on the exchange.
        #[derive(Clone, PartialEq, Debug)]
        pub enum Event {
            $($(#[$doc])* $variant($variant),)*
        }

        impl Event {
            /// The type's name in the log and on the topic.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)* }
            }

            /// The version of the type's form.
            pub const fn version(&self) -> u16 {
                match self { $(Self::$variant(_) => $version,)* }
            }

            /// Appends the content as JSON, the form in which it is stored and published.
            pub fn encode(&self, out: &mut Vec<u8>) {
                let written = match self { $(Self::$variant(content) => serde_json::to_writer(out, content),)* };
                debug_assert!(written.is_ok(), "events have string keys and write to memory");
            }

            /// Reads back what [`Event::encode`] wrote.
            ///
            /// # Errors
            /// [`DecodeError`] when the type or version is unknown or the content does not fit it.
            pub fn decode(name: &str, version: u16, content: &[u8]) -> Result<Self, DecodeError> {
                match (name, version) {
                    $(($name, $($oldest..=)? $version) => serde_json::from_slice(content)
                        .map(Self::$variant)
                        .map_err(|error| DecodeError::Malformed { name: name.to_owned(), error }),)*
                    _ => Err(DecodeError::Unknown { name: name.to_owned(), version }),
                }
            }

            /// The JSON Schema of every type: name, version, schema.
            pub fn schemas() -> Vec<(&'static str, u16, schemars::Schema)> {
                vec![$(($name, $version, schemars::schema_for!($variant)),)*]
            }
        }

        $(impl From<$variant> for Event {
            fn from(content: $variant) -> Self {
                Self::$variant(content)
            }
        })*
    };
}

events! {
    /// An organization was admitted.
    OrganizationRegistered = "organization_registered", 1;
    /// The kill switch was thrown.
    OrganizationSuspended = "organization_suspended", 1;
    /// The kill switch was released.
    OrganizationReinstated = "organization_reinstated", 1;
    /// The number of an organization's open orders was bounded.
    OrderLimitSet = "order_limit_set", 1;
    /// What an organization commits in a month was bounded.
    BudgetSet = "budget_set", 1;
    /// A deposit arrived at the bank.
    DepositReceived = "deposit_received", 1;
    /// A market opened.
    MarketOpened = "market_opened", 2 [from 1];
    /// Trading stopped.
    MarketHalted = "market_halted", 1;
    /// Trading goes on.
    MarketResumed = "market_resumed", 1;
    /// A guard against mistyped prices was set or lifted.
    PriceBandSet = "price_band_set", 1;
    /// A lot was listed.
    LotRegistered = "lot_registered", 2 [from 1];
    /// What was free of a lot was withdrawn.
    LotWithdrawn = "lot_withdrawn", 1;
    /// A lot's window passed.
    LotExpired = "lot_expired", 1;
    /// An order for a term was placed.
    OrderPlaced = "order_placed", 2 [from 1];
    /// An order by the hour was placed.
    SpotOrderPlaced = "spot_order_placed", 1;
    /// An order was changed.
    OrderAmended = "order_amended", 1;
    /// A bid and an ask traded.
    TradeExecuted = "trade_executed", 2 [from 1];
    /// An order ended with something left of it.
    OrderClosed = "order_closed", 2 [from 1];
    /// A trade was undone.
    ContractBusted = "contract_busted", 1;
    /// An hour of a market's contracts was delivered.
    HoursDelivered = "hours_delivered", 1;
    /// A market's auction for an hour was held.
    SpotAuctionHeld = "spot_auction_held", 1;
    /// A market's auction for an hour was void.
    SpotAuctionMissed = "spot_auction_missed", 1;
    /// GPUs were sold for an hour.
    SpotHoursSold = "spot_hours_sold", 1;
    /// A buyer by the hour loses GPUs at the end of the hour in progress.
    SpotInterrupted = "spot_interrupted", 1;
    /// A spot bid waits for funds.
    SpotBidSuspended = "spot_bid_suspended", 1;
    /// A spot bid has funds again.
    SpotBidResumed = "spot_bid_resumed", 1;
    /// An hour sold by the hour was delivered.
    SpotHoursDelivered = "spot_hours_delivered", 1;
}

/// Whether a field has the value that older versions did not write.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// An organization was admitted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrganizationRegistered {
    /// Its id.
    pub organization: OrganizationId,
    /// Its name as people write it.
    pub name: String,
}

/// A market opened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MarketOpened {
    /// The terms on which it trades.
    pub market: MarketSpec,
}

/// A deposit arrived at the bank.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DepositReceived {
    /// Its id.
    pub deposit: DepositId,
    /// Whose money.
    pub organization: OrganizationId,
    /// How much.
    pub amount: Amount,
    /// In what currency.
    pub currency: Currency,
    /// The bank's reference.
    pub reference: String,
}

/// A lot was listed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LotRegistered {
    /// Its id.
    pub lot: LotId,
    /// Who delivers.
    pub organization: OrganizationId,
    /// Where it is sold.
    pub market: MarketId,
    /// How many GPUs.
    pub gpus: u32,
    /// When.
    pub window: Window,
    /// The seller's name for the network the GPUs share.
    pub fabric: String,
    /// A term sale may not leave a free run shorter than this many hours; 0 and 1 allow any.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min_remnant_hours: u32,
}

/// What was free of a lot was withdrawn; its asks ended before.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LotWithdrawn {
    /// The lot.
    pub lot: LotId,
    /// Who delivers what is sold of it.
    pub organization: OrganizationId,
    /// Where it was sold.
    pub market: MarketId,
}

/// A lot's window passed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LotExpired {
    /// The lot.
    pub lot: LotId,
    /// Who delivered.
    pub organization: OrganizationId,
    /// Where it was sold.
    pub market: MarketId,
}

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
pub(super) fn supply_of(lot: LotId, contract: Option<ContractId>) -> Supply {
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
    /// What the bid had set aside beyond the price and the fee, given back.
    pub hold_released: Amount,
    /// GPUs that the bid still wants.
    pub bid_remaining: u32,
    /// The most GPUs that the ask has now sold in any one hour.
    pub ask_sold_gpus: u32,
    /// Whether the ask has sold every hour of its window.
    pub ask_filled: bool,
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
    /// The hour at the contract's price.
    pub amount: Amount,
    /// The buyer's fee on it.
    pub buyer_fee: Amount,
    /// The seller's fee on it.
    pub seller_fee: Amount,
    /// Whether this was the contract's last hour.
    pub completed: bool,
}

/// The kill switch was thrown; the organization's orders ended with it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrganizationSuspended {
    /// Whose.
    pub organization: OrganizationId,
    /// Why.
    pub reason: String,
}

/// The kill switch was released.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrganizationReinstated {
    /// Whose.
    pub organization: OrganizationId,
}

/// The number of an organization's open orders was bounded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrderLimitSet {
    /// Whose.
    pub organization: OrganizationId,
    /// The most open orders; the exchange's usual limit when not given.
    pub open_orders_max: Option<u32>,
}

/// What an organization commits in a calendar month was bounded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BudgetSet {
    /// Whose.
    pub organization: OrganizationId,
    /// In which currency.
    pub currency: Currency,
    /// The most that trades of the month and open orders may come to, fees included; no bound when not given.
    pub monthly: Option<Amount>,
}

/// Trading stopped.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MarketHalted {
    /// Where.
    pub market: MarketId,
    /// Why.
    pub reason: String,
}

/// Trading goes on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MarketResumed {
    /// Where.
    pub market: MarketId,
}

/// A guard against mistyped prices was set or lifted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PriceBandSet {
    /// Where.
    pub market: MarketId,
    /// How far limits may be from the last price; no guard when not given.
    pub band: Option<PriceBand>,
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
    /// What the buyer gets back: the price and the fee.
    pub refund: Amount,
    /// Why.
    pub reason: String,
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

/// What orders events among themselves: events of one key are published in the order of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventKey {
    /// A market's.
    Market(MarketId),
    /// An organization's.
    Organization(OrganizationId),
}

impl std::fmt::Display for EventKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Market(id) => id.fmt(f),
            Self::Organization(id) => id.fmt(f),
        }
    }
}

impl Event {
    /// What orders this event among others.
    pub fn key(&self) -> EventKey {
        match self {
            Self::OrganizationRegistered(e) => EventKey::Organization(e.organization),
            Self::OrganizationSuspended(e) => EventKey::Organization(e.organization),
            Self::OrganizationReinstated(e) => EventKey::Organization(e.organization),
            Self::OrderLimitSet(e) => EventKey::Organization(e.organization),
            Self::BudgetSet(e) => EventKey::Organization(e.organization),
            Self::DepositReceived(e) => EventKey::Organization(e.organization),
            Self::MarketOpened(e) => EventKey::Market(e.market.id),
            Self::MarketHalted(e) => EventKey::Market(e.market),
            Self::MarketResumed(e) => EventKey::Market(e.market),
            Self::PriceBandSet(e) => EventKey::Market(e.market),
            Self::LotRegistered(e) => EventKey::Market(e.market),
            Self::LotWithdrawn(e) => EventKey::Market(e.market),
            Self::LotExpired(e) => EventKey::Market(e.market),
            Self::OrderPlaced(e) => EventKey::Market(e.terms.market),
            Self::SpotOrderPlaced(e) => EventKey::Market(e.terms.market),
            Self::OrderAmended(e) => EventKey::Market(e.market),
            Self::TradeExecuted(e) => EventKey::Market(e.market),
            Self::OrderClosed(e) => EventKey::Market(e.market),
            Self::ContractBusted(e) => EventKey::Market(e.market),
            Self::HoursDelivered(e) => EventKey::Market(e.market),
            Self::SpotAuctionHeld(e) => EventKey::Market(e.market),
            Self::SpotAuctionMissed(e) => EventKey::Market(e.market),
            Self::SpotHoursSold(e) => EventKey::Market(e.market),
            Self::SpotInterrupted(e) => EventKey::Market(e.market),
            Self::SpotBidSuspended(e) => EventKey::Market(e.market),
            Self::SpotBidResumed(e) => EventKey::Market(e.market),
            Self::SpotHoursDelivered(e) => EventKey::Market(e.market),
        }
    }

    /// The thing that the event is about, where it has an id of its own.
    pub fn subject(&self) -> Option<Uuid> {
        match self {
            Self::OrganizationRegistered(_)
            | Self::OrganizationSuspended(_)
            | Self::OrganizationReinstated(_)
            | Self::OrderLimitSet(_)
            | Self::BudgetSet(_)
            | Self::MarketOpened(_)
            | Self::MarketHalted(_)
            | Self::MarketResumed(_)
            | Self::PriceBandSet(_)
            | Self::HoursDelivered(_)
            | Self::SpotAuctionHeld(_)
            | Self::SpotAuctionMissed(_)
            | Self::SpotHoursSold(_)
            | Self::SpotHoursDelivered(_) => None,
            Self::DepositReceived(e) => Some(e.deposit.uuid()),
            Self::LotRegistered(e) => Some(e.lot.uuid()),
            Self::LotWithdrawn(e) => Some(e.lot.uuid()),
            Self::LotExpired(e) => Some(e.lot.uuid()),
            Self::OrderPlaced(e) => Some(e.order.uuid()),
            Self::SpotOrderPlaced(e) => Some(e.order.uuid()),
            Self::OrderAmended(e) => Some(e.order.uuid()),
            Self::TradeExecuted(e) => Some(e.trade.uuid()),
            Self::OrderClosed(e) => Some(e.order.uuid()),
            Self::ContractBusted(e) => Some(e.contract.uuid()),
            Self::SpotInterrupted(e) => Some(e.order.uuid()),
            Self::SpotBidSuspended(e) => Some(e.order.uuid()),
            Self::SpotBidResumed(e) => Some(e.order.uuid()),
        }
    }
}
