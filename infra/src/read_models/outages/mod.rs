//! Outages of contracts.

mod record;
mod table;

pub use record::{OutageRecord, OutageStatus};
pub use table::{OutageFilter, Outages};
