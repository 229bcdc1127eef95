//! Events: what happened. They are the log's format: a published version never changes, a new shape is a new version.
//!
//! Every event carries all that its journal entries need, so that the books can be recomputed from the log alone.

use ledger::{Amount, ContractId, Currency, DepositId, Instant, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ClientOrderId, CommandId, Hour, HoursRange, Liquidity, LotId, MarketId, MarketSpec, OrderId, Price, TimeInForce,
    TradeId, Unfilled, Window,
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

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $version:literal;)*) => {
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
                    $(($name, $version) => serde_json::from_slice(content)
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
    /// A market opened.
    MarketOpened = "market_opened", 1;
    /// A deposit arrived at the bank.
    DepositReceived = "deposit_received", 1;
    /// A lot was listed.
    LotRegistered = "lot_registered", 1;
    /// A lot's window passed.
    LotExpired = "lot_expired", 1;
    /// An order was placed.
    OrderPlaced = "order_placed", 1;
    /// A bid and an ask traded.
    TradeExecuted = "trade_executed", 1;
    /// An order ended with something left of it.
    OrderClosed = "order_closed", 1;
    /// An hour of a market's contracts was delivered.
    HoursDelivered = "hours_delivered", 1;
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

/// What an order asks for, in full: every default resolved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrderTerms {
    /// Where it trades.
    pub market: MarketId,
    /// How many GPUs.
    pub gpus: u32,
    /// The worst price per GPU-hour.
    pub limit_price: Price,
    /// The hours to buy, or on offer.
    pub window: Window,
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
    },
    /// An ask.
    Sell {
        /// The lot that backs it.
        lot: LotId,
        /// How short and how long a sale may be.
        hours: HoursRange,
    },
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
    /// Its window came too near, or passed.
    Expired,
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
            Self::DepositReceived(e) => EventKey::Organization(e.organization),
            Self::MarketOpened(e) => EventKey::Market(e.market.id),
            Self::LotRegistered(e) => EventKey::Market(e.market),
            Self::LotExpired(e) => EventKey::Market(e.market),
            Self::OrderPlaced(e) => EventKey::Market(e.terms.market),
            Self::TradeExecuted(e) => EventKey::Market(e.market),
            Self::OrderClosed(e) => EventKey::Market(e.market),
            Self::HoursDelivered(e) => EventKey::Market(e.market),
        }
    }

    /// The thing that the event is about, where it has an id of its own.
    pub fn subject(&self) -> Option<Uuid> {
        match self {
            Self::OrganizationRegistered(_) | Self::MarketOpened(_) | Self::HoursDelivered(_) => None,
            Self::DepositReceived(e) => Some(e.deposit.uuid()),
            Self::LotRegistered(e) => Some(e.lot.uuid()),
            Self::LotExpired(e) => Some(e.lot.uuid()),
            Self::OrderPlaced(e) => Some(e.order.uuid()),
            Self::TradeExecuted(e) => Some(e.trade.uuid()),
            Self::OrderClosed(e) => Some(e.order.uuid()),
        }
    }
}
