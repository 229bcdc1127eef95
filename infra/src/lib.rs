//! Shell around the pure crates: it owns every clock, socket, file and process.
//!
//! - [`audit`]: everything stored, computed again from the log and compared.
//! - [`journal`]: the log and the books in PostgreSQL, written in one transaction per batch.
//! - [`storage`]: the door to the log, which the journal opens to PostgreSQL.
//! - [`sequencer`]: the one owner of the state; turns submissions into committed batches.
//! - [`read_models`]: orders, trades, contracts and so on as tables, computed from the log, and what can be asked of
//!   them.
//! - [`brokers`]: access to Kafka's brokers.
//! - [`relay`]: publishes the log to Kafka, every event once, in order.
//! - [`webhooks`]: sends organizations their own events, signed.
//! - [`reports`]: what finance asks of the books, answered in typed rows.
//! - [`invoicing`]: invoices, credit notes and sellers' statements.
//! - [`own_rates`]: request rates that the operator set for single organizations.
//!
//! It decides nothing about the market or the books (`ledger ← matching ← infra ← api`), and knows no HTTP.

pub mod audit;
pub mod brokers;
pub mod config;
pub mod invoicing;
pub mod journal;
pub mod kafka_topics;
pub mod node;
pub mod open_files;
pub mod own_rates;
pub mod read_models;
pub mod relay;
pub mod replica;
pub mod reports;
pub mod sequencer;
pub mod storage;
pub mod telemetry;
pub mod webhooks;

mod clock;
mod database;

pub use clock::{Clock, ClockBounds, ConfirmError, GuardedClock, Hold, HoldCause, SimulatedClock, TimeSource};
pub use database::{ColumnValue, ConnectError, Database, DatabaseError, NamedColumns};
