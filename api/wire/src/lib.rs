//! What the API sends and receives, as types of their own: request bodies, response bodies and query parameters, a module
//! per resource.
//!
//! Each type is both read and written, so that a client needs this crate and nothing of the server. The crate knows the
//! values of `ledger` and `matching` and their text forms. It does not know HTTP, how a request becomes an instruction, or
//! what an answer is read from: that is in `api`.

pub mod account;
pub mod audit;
pub mod bank;
pub mod boxes;
pub mod budgets;
pub mod candles;
pub mod clock;
pub mod contracts;
pub mod controls;
pub mod curve;
pub mod events;
pub mod health;
pub mod invoices;
pub mod ledger;
pub mod lots;
pub mod markets;
pub mod orders;
pub mod organizations;
pub mod outages;
pub mod page;
pub mod parked;
pub mod problem;
pub mod quotes;
pub mod rate_limits;
pub mod rates;
pub mod relay;
pub mod share;
pub mod spot;
pub mod stream;
pub mod strict_json;
pub mod tokens;
pub mod trades;
pub mod webhooks;
pub mod window;
