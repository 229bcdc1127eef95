//! What end-to-end tests stand on: a real PostgreSQL shared by a test binary, a database per test, and a whole exchange served
//! over HTTP from it.
//!
//! Tests see the exchange as its clients do. They wait for conditions, never for time, and each has a database of its own, so that
//! all run in parallel.

#![expect(clippy::missing_panics_doc, reason = "a fixture that cannot be had ends its test")]

pub mod attacks;
pub mod bench;
pub mod client;
pub mod condition;
pub mod demo;
pub mod exchange;
pub mod kafka;
pub mod log;
pub mod machine_clock;
pub mod picking;
pub mod plain_text;
pub mod postgres;
pub mod scratch;
pub mod server_process;
