//! Secondwind's market: classes, hours, lots, orders, books, and the exchange as a pure state machine.
//!
//! [`Exchange::decide`] reads the state and a command and writes events, or refuses; [`Exchange::apply`] folds an event into
//! the state and has no choices left. The same log gives the same state and the same [state hash](Exchange::state_hash) on
//! every machine.
//!
//! This crate must never know the clock, I/O, randomness, binary floating point, the wire format of the API, or how the log is
//! stored: time and ids come in with the command (`ledger ← matching ← infra ← api`).

mod contract;
mod exchange;
mod hours;
mod identity;
mod lot;
mod market;
mod order;
mod price;
mod timeline;
mod unfilled;
mod venue;

pub use contract::{Contract, Earnings};
pub use exchange::{
    CloseReason, Command, ContractHour, DecodeError, DepositReceived, Event, EventKey, Exchange, GATE_LEAD_MINUTES,
    GPUS_MAX, HoursDelivered, Instruction, Log, LotExpired, LotRegistered, MarketOpened, NewLot, NewOrder, NewSide,
    OrderClosed, OrderPlaced, OrderSide, OrderTerms, OrganizationRegistered, Record, Refusal, StateHash, TradeExecuted,
};
pub use hours::{Hour, InvalidWindow, NotAnHour, Window};
pub use identity::{CommandId, DerivedIds, LotId, OrderId, TradeId};
pub use lot::Lot;
pub use market::{Class, InvalidMarketId, Liquidity, MarketId, MarketSpec};
pub use order::{Ask, Bid, BidTerms, ClientOrderId, HoursRange, InvalidClientOrderId, Order, TimeInForce};
pub use price::{InvalidPrice, Price};
pub use timeline::Timeline;
pub use unfilled::{Unfilled, UnfilledReason, WouldFill};
pub use venue::{Arrival, AskRank, BidRank, Execution, Market, Plan, Venue};
