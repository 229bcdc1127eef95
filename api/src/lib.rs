//! Secondwind over HTTP, and the commands of its one binary.
//!
//! Handlers parse a request into an instruction, submit it to the sequencer and show what came of it; they decide nothing. What
//! they send and receive ([`wire`]) is separate from the log's event types, so that either can change without the other.

pub mod auth;
mod average_price;
pub mod boxes;
pub mod commands;
mod computing;
mod connection;
pub mod desk;
mod gate;
mod label;
pub mod limits;
pub mod openapi;
pub mod operations;
pub mod problem;
pub mod request;
pub mod resources;
mod sampled_log;
pub mod server;
