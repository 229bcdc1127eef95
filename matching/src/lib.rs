//! Secondwind's market: classes, hours, lots, orders, books, and the exchange as a pure state machine.
//!
//! [`Exchange::decide`] reads the state and a command and writes events, or refuses; [`Exchange::apply`] folds an event
//! into the state and has no choices left. The same log gives the same state and the same [state
//! hash](Exchange::state_hash) on every machine.
//!
//! This crate must never know the clock, I/O, randomness, binary floating point, the wire format of the API, or how the
//! log is stored: time and ids come in with the command (`ledger ← matching ← infra ← api`).

#![deny(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]

mod auction;
mod billing;
mod contract;
mod exchange;
mod frontier;
mod hours;
mod identity;
mod keys;
mod ladder;
mod linked;
mod lot;
mod market;
mod order;
mod outage;
mod price;
mod timeline;
mod venue;

pub use auction::{AuctionAsk, AuctionBid, Clearing, clear};
pub use billing::{Billing, PERIOD_HOURS};
pub use contract::{Assignee, Assignment, Contract, Earnings, Owed};
pub use exchange::event::*;
pub use exchange::{
    Accounting, ActiveReconciliation, Amendment, Bank, BankAccount, BoxLife, BoxRecord, BoxViewer, Boxes, Budget,
    ClosedPeriod, Command, DealParty, DealVersion, DueStep, Exchange, GPUS_MAX, Instruction, ItemChoice, Journal,
    JournalStatus, Limits, Log, MARKETS_PER_BID_MAX, MarketChoice, NewCollection, NewJournal, NewLot, NewOrder,
    NewOutage, NewSide, OPEN_ORDERS_MAX, ORDERS_PER_STEP_MAX, OpenCollection, OpenDeposit, OpenItems, OpenLine,
    OpenPayout, Organization, Parked, Parties, PostedRun, Quote, QuoteRequest, QuotedTrade, Refusal, RefusalClass,
    StateHash, Unreconciled, Width,
};
pub use hours::{Hour, InvalidWindow, NotAnHour, TermWindow, Window};
pub use identity::{CommandId, DerivedIds, LotId, OrderId, OutageId, TradeId};
pub use keys::{LotKey, MarketKey, OwnerKey};
pub use lot::{Binding, Lot, Supply};
pub use market::{
    Class, GATE_MINUTES, InvalidMarketId, Liquidity, MarketFilter, MarketId, MarketSpec, ZoneAttributes, hold,
};
pub use order::{
    Ask, Bid, BidOptions, BidTerms, ClientOrderId, HoursRange, InvalidClientOrderId, Order, Placement,
    SelfTradePrevention, SpotAsk, SpotBid, TimeInForce,
};
pub use outage::{DeliveryTerms, Outage, OutageStatus};
pub use price::{InvalidPrice, Price};
pub use timeline::{Runs, Timeline};
pub use venue::{
    Arrival, Cursor, Execution, Market, Offer, OwnOrders, Plan, PriceBand, Search, SearchPlace, SpotBook, SpotHour,
    SpotSale, Unfilled, UnfilledReason, Venue, WorkBudget, WouldFill,
};
