//! Exchange as a state machine: the venue composed with contracts, time and the books.
//!
//! - `command`, `refusal`: what goes in, and why not.
//! - `decide`: reads the state and a command and writes events, or refuses.
//! - `due`: what time alone brings about; `gate`: the hourly auction among it.
//! - `agenda`: what falls due, and when.
//! - `bank`: what is known of the bank; `accounting`: closed months and proposed journals; `boxes`: their deals.
//! - `event`: a type of event with all that belongs to it: its form in the log, its parties, its facts for the books,
//!   its fold.
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
pub use bank::{ActiveReconciliation, Bank, BankAccount, OpenDeposit, OpenItems, OpenLine, OpenPayout};
pub use boxes::{BoxLife, BoxRecord, BoxViewer, Boxes, DealVersion, OpenCollection, PostedRun};
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

/// Largest number of GPUs of one order or lot.
pub const GPUS_MAX: u32 = 1_000_000;
/// Largest number of markets of one bid.
pub const MARKETS_PER_BID_MAX: usize = 64;
/// Time for which a `client_order_id` stays taken after its order ended, in microseconds: 30 days.
const CLIENT_ORDER_ID_KEPT_MICROS: i64 = 30 * 24 * 3_600_000_000;

/// State of the exchange, whole.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    now: Instant,
    sequence: u64,
    organizations: Map<OrganizationId, Organization>,
    venue: Venue,
    contract_keys: Map<ContractId, u32>,
    contracts: Slab<Contract>,
    /// Contracts in progress of each market, in the order in which they were traded.
    traded: Roster<MarketKey>,
    /// Contracts in progress, by the next hour that each delivers.
    deliveries: Agenda<(Hour, MarketKey)>,
    /// Contracts that are not paid whole, by when the charge of the next period is tried.
    charges: BTreeSet<(Instant, ContractId)>,
    /// Contract of every outage, while it is in progress or in dispute.
    outages: Map<OutageId, ContractId>,
    /// Contracts that are over, with claims that are not settled.
    disputed: Map<ContractId, Contract>,
    /// Pairs of a contract and one that resells a part of it.
    resales: BTreeSet<(ContractId, ContractId)>,
    /// Hours of which spot sales are to be delivered.
    spot_deliveries: BTreeSet<(Hour, MarketKey)>,
    /// Next auction of each market that has something to auction.
    gates: BTreeSet<(Instant, MarketKey)>,
    /// Orders that end by themselves, by when and where; the market is `None` for bids that trade in several.
    expiries: Agenda<(Instant, Option<MarketKey>)>,
    /// Lots by when they end.
    lot_ends: BTreeSet<(Instant, LotId)>,
    /// Names that owners gave to their open orders.
    client_order_ids: Map<OrderId, ClientOrderId>,
    client_orders: Map<(OrganizationId, ClientOrderId), ClientOrder>,
    /// Names of ended orders, oldest first, until they are free again.
    client_orders_ended: VecDeque<(Instant, OrganizationId, ClientOrderId)>,
    books: Books,
    bank: Bank,
    accounting: Accounting,
    boxes: Boxes,
    /// Boxes whose next waterfall run starts by itself, by when.
    box_runs: BTreeSet<(Instant, BoxId)>,
    /// Fixings of indices, by name and first day.
    rates: BTreeMap<ItemName, BTreeMap<Day, Rate>>,
    /// Work that commands left unfinished, by the sequence of the event that recorded it.
    unfinished: BTreeMap<u64, Unfinished>,
    /// Due items that could not be carried out and wait for an operator.
    parked: BTreeMap<ParkedDue, Parked>,
    /// Buffer for the events of the next command; empty between commands.
    events: Vec<Event>,
    limits: Limits,
    /// Violation that it met; it must not be used then.
    violation: Option<Violation>,
}

/// Order as its `client_order_id` knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
struct ClientOrder {
    order: OrderId,
    digest: [u8; 16],
}

impl Exchange {
    /// Makes an exchange before its first event.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the limits on its work for one command.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Sets the limits on its work for one command.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Returns the instant of the latest event.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Returns the sequence of the latest event; 0 before the first.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Returns the markets, lots and orders.
    pub fn venue(&self) -> &Venue {
        &self.venue
    }

    /// Returns the balances of all accounts.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// Returns the state of the bank.
    pub fn bank(&self) -> &Bank {
        &self.bank
    }

    /// Returns the closed months and the manual journals.
    pub fn accounting(&self) -> &Accounting {
        &self.accounting
    }

    /// Returns the boxes with their deals and runs.
    pub fn boxes(&self) -> &Boxes {
        &self.boxes
    }

    /// Returns the fixings of indices, by name and first day.
    pub fn rates(&self) -> &BTreeMap<ItemName, BTreeMap<Day, Rate>> {
        &self.rates
    }

    /// Finds a contract that is in progress: until its last hour is delivered, or it ends before.
    pub fn contract(&self, id: ContractId) -> Option<&Contract> {
        self.contract_keys.get(&id).map(|key| &self.contracts[*key as usize])
    }

    /// Lists every contract in progress, by id.
    pub fn contracts(&self) -> Vec<&Contract> {
        let mut contracts: Vec<_> = self.contracts.iter().map(|(_, contract)| contract).collect();
        contracts.sort_unstable_by_key(|contract| contract.id);
        contracts
    }

    /// Finds an organization; `None` when it was never admitted.
    pub fn organization(&self, id: OrganizationId) -> Option<&Organization> {
        self.organizations.get(&id)
    }
}
