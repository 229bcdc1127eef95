//! The exchange as a state machine: the venue composed with contracts, time and the books.
//!
//! - `command`, `refusal`: what goes in, and why not.
//! - `decide`: reads the state and a command and writes events, or refuses.
//! - `due`: what time alone brings about; `gate`: the hourly auction among it.
//! - `agenda`: what falls due, and when.
//! - `bank`: what is known of the bank; `accounting`: closed months and proposed journals; `boxes`: their deals.
//! - `event`: a type of event with all that belongs to it: its form in the log, its parties, its facts for the books, its fold.
//! - `apply`: the fold's own steps, that several events share.
//! - `facts`: how facts become entries.
//! - `parked`: what fell due and could not be carried out.
//! - `parties`: whom an event concerns.
//! - `execute`: the loop that drives decide and apply for one command; `work`: what a command leaves for further steps.
//! - `limits`: how much work it does for one command.
//! - `quote`: what an order would do, without one.

mod accounting;
mod agenda;
mod apply;
mod bank;
mod boxes;
mod command;
mod decide;
mod due;
pub(crate) mod event;
mod execute;
mod facts;
mod gate;
mod hash;
mod limits;
mod organization;
mod parked;
mod parties;
mod quote;
mod refusal;
mod work;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ledger::deal::Rate;
use ledger::{Books, BoxId, ContractId, Day, Instant, ItemName, Map, OrganizationId, Violation};
use serde::Serialize;
use slab::Slab;

use crate::contract::Contract;
use crate::hours::Hour;
use crate::identity::{LotId, OrderId, OutageId};
use crate::keys::MarketKey;
use crate::linked::Roster;
use crate::order::ClientOrderId;
use crate::venue::Venue;

use agenda::Agenda;
use work::Unfinished;

pub use accounting::{Accounting, ClosedPeriod, Journal, JournalStatus, Unreconciled};
pub use bank::{Bank, BankAccount, OpenDeposit, OpenItems, OpenLine, OpenPayout, StandingReconciliation};
pub use boxes::{BoxLife, BoxRecord, BoxViewer, Boxes, DealVersion, StandingCollection, StandingRun};
pub use command::{
    Amendment, Command, DealParty, Instruction, ItemChoice, MarketChoice, NewCollection, NewJournal, NewLot, NewOrder,
    NewOutage, NewSide,
};
pub use event::*;
pub use execute::{DueStep, Log, Width};
pub use hash::StateHash;
pub use limits::Limits;
pub use organization::{Budget, OPEN_ORDERS_MAX, Organization};
pub use parked::Parked;
pub use parties::Parties;
pub use quote::{Quote, QuoteRequest, QuotedTrade};
pub use refusal::{Refusal, RefusalClass};
pub use work::ORDERS_PER_STEP_MAX;

/// The most GPUs of one order or lot.
pub const GPUS_MAX: u32 = 1_000_000;
/// The most markets of one bid.
pub const MARKETS_PER_BID_MAX: usize = 64;
/// A `client_order_id` stays taken this long after its order ended: 30 days.
const CLIENT_ORDER_ID_KEPT_MICROS: i64 = 30 * 24 * 3_600_000_000;

/// The whole state of the exchange.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    now: Instant,
    sequence: u64,
    organizations: Map<OrganizationId, Organization>,
    venue: Venue,
    contract_keys: Map<ContractId, u32>,
    contracts: Slab<Contract>,
    /// The contracts in progress of each market, in the order in which they were traded.
    traded: Roster<MarketKey>,
    /// The contracts in progress, by the next hour that each delivers.
    deliveries: Agenda<(Hour, MarketKey)>,
    /// The contracts that are not paid whole, by when the charge of the next period is tried.
    charges: BTreeSet<(Instant, ContractId)>,
    /// The contract of every outage, while it is in progress or in dispute.
    outages: Map<OutageId, ContractId>,
    /// Contracts that are over, with claims that are not settled.
    disputed: Map<ContractId, Contract>,
    /// Contracts with those that resell part of them.
    resales: BTreeSet<(ContractId, ContractId)>,
    /// The hours of which something was sold by the hour.
    spot_deliveries: BTreeSet<(Hour, MarketKey)>,
    /// The next auction of each market that has something to auction.
    gates: BTreeSet<(Instant, MarketKey)>,
    /// The orders that end by themselves, by when and where: a market, or none for bids that trade in several.
    expiries: Agenda<(Instant, Option<MarketKey>)>,
    /// The lots, by when they end.
    lot_ends: BTreeSet<(Instant, LotId)>,
    /// The names that owners gave to their open orders.
    client_order_ids: Map<OrderId, ClientOrderId>,
    client_orders: Map<(OrganizationId, ClientOrderId), ClientOrder>,
    /// Names of ended orders, oldest first, until they are free again.
    client_orders_ended: VecDeque<(Instant, OrganizationId, ClientOrderId)>,
    books: Books,
    bank: Bank,
    accounting: Accounting,
    boxes: Boxes,
    /// The boxes whose next waterfall run starts by itself, by when.
    box_runs: BTreeSet<(Instant, BoxId)>,
    /// What indices were fixed at, by name and day.
    rates: BTreeMap<ItemName, BTreeMap<Day, Rate>>,
    /// What commands left unfinished, by the event that says so.
    unfinished: BTreeMap<u64, Unfinished>,
    /// What of that which fell due could not be carried out and waits for an operator.
    parked: BTreeMap<ParkedDue, Parked>,
    /// Room for the events of the next command; empty between commands.
    events: Vec<Event>,
    limits: Limits,
    /// What it met that must never be; it is of no use then.
    violation: Option<Violation>,
}

/// An order as its `client_order_id` knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
struct ClientOrder {
    order: OrderId,
    digest: [u8; 16],
}

impl Exchange {
    /// An exchange before its first event.
    pub fn new() -> Self {
        Self::default()
    }

    /// How much work it does for one command.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Sets how much work it does for one command.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// The instant of the latest event.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The sequence of the latest event; 0 before the first.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Markets, lots and orders.
    pub fn venue(&self) -> &Venue {
        &self.venue
    }

    /// The balances.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// What is known of the bank.
    pub fn bank(&self) -> &Bank {
        &self.bank
    }

    /// Closed months, and what people proposed for the books.
    pub fn accounting(&self) -> &Accounting {
        &self.accounting
    }

    /// The boxes.
    pub fn boxes(&self) -> &Boxes {
        &self.boxes
    }

    /// What indices were fixed at, by name and day.
    pub fn rates(&self) -> &BTreeMap<ItemName, BTreeMap<Day, Rate>> {
        &self.rates
    }

    /// The contract with this id, until its last hour is delivered.
    pub fn contract(&self, id: ContractId) -> Option<&Contract> {
        self.contract_keys.get(&id).map(|key| &self.contracts[*key as usize])
    }

    /// Every contract in progress, by id.
    pub fn contracts(&self) -> Vec<&Contract> {
        let mut contracts: Vec<_> = self.contracts.iter().map(|(_, contract)| contract).collect();
        contracts.sort_unstable_by_key(|contract| contract.id);
        contracts
    }

    /// An organization.
    pub fn organization(&self, id: OrganizationId) -> Option<&Organization> {
        self.organizations.get(&id)
    }
}
