//! Read models: orders, trades, contracts, lots and outages as tables, computed from the log.
//!
//! Of each thing there is a **record**, which its events are folded into ([`Followed`]), and a **table**, which stores
//! records and has a query for each question. Whoever has the events and no database, as `secondwind exec` does, keeps
//! the same records on a [`Shelf`].
//!
//! The projector follows the log, takes up what happened into the records that it concerns, and writes these together
//! with its position, so that a crash neither loses nor repeats an event. The index of organizations' own events has a
//! position beside it, for it came later than the other tables and fills up by itself. Readers who need their own
//! writes wait for [`ReadModels::reached`]. The tables can be emptied at any time: the projector computes them again.

mod contracts;
mod followed;
mod lots;
mod orders;
mod outages;
mod own_events;
mod prices;
mod projector;
mod side;
mod spot;
mod table;
mod trades;

use std::time::Duration;

use matching::MarketId;
use tokio::sync::watch;

use crate::Database;
use crate::journal::LogReader;
use crate::telemetry::Metrics;

pub use contracts::{ContractRecord, Contracts, Termination};
pub use followed::{Followed, Recorded, Shelf};
pub use lots::{LotRecord, Lots};
pub use orders::{Fill, OrderFilter, OrderKind, OrderRecord, OrderStatus, Orders, StoredBid};
pub use outages::{OutageFilter, OutageRecord, OutageStatus, Outages};
pub(crate) use own_events::{COLUMNS as OWN_EVENT_COLUMNS, read_own_event};
pub use own_events::{OwnEvent, OwnEvents, concerned};
pub use prices::{Candle, CandleLength, CandleSource, LastTrade, Prices};
pub use side::Side;
pub use spot::{AuctionRecord, MissedReason, OwnSale, SaleRecord, Spot};
pub use trades::{TradeRecord, Trades};

/// Read models of one node: their position, and their queries.
#[derive(Clone)]
pub struct ReadModels {
    database: Database,
    position: watch::Receiver<u64>,
}

impl ReadModels {
    /// Starts following the log.
    pub fn start(database: Database, log: LogReader, metrics: Metrics) -> Self {
        let (sender, position) = watch::channel(0);
        tokio::spawn(projector::follow(database.clone(), log, sender, metrics));
        Self { database, position }
    }

    /// Returns the sequence of the last event that they include.
    pub fn position(&self) -> u64 {
        *self.position.borrow()
    }

    /// Returns a receiver of the sequence of the last event that they include.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.position.clone()
    }

    /// Waits until they include the event `sequence`. Returns false when `patience` ran out first.
    pub async fn reached(&self, sequence: u64, patience: Duration) -> bool {
        let mut position = self.position.clone();
        let reached = position.wait_for(|position| *position >= sequence);
        matches!(tokio::time::timeout(patience, reached).await, Ok(Ok(_)))
    }

    /// Returns the queries for orders, with what each has traded.
    pub fn orders(&self) -> Orders<'_> {
        Orders { database: &self.database }
    }

    /// Returns the queries for term trades.
    pub fn trades(&self) -> Trades<'_> {
        Trades { database: &self.database }
    }

    /// Returns the queries for contracts.
    pub fn contracts(&self) -> Contracts<'_> {
        Contracts { database: &self.database }
    }

    /// Returns the queries for lots.
    pub fn lots(&self) -> Lots<'_> {
        Lots { database: &self.database }
    }

    /// Returns the queries for outages.
    pub fn outages(&self) -> Outages<'_> {
        Outages { database: &self.database }
    }

    /// Returns the queries for auctions and spot sales.
    pub fn spot(&self) -> Spot<'_> {
        Spot { database: &self.database }
    }

    /// Returns the queries for a market's prices.
    pub fn prices(&self, market: MarketId) -> Prices<'_> {
        Prices { database: &self.database, market }
    }

    /// Returns the queries for organizations' own events.
    pub fn own_events(&self) -> OwnEvents<'_> {
        OwnEvents { database: &self.database }
    }
}
