//! Contracts: what trades created.

mod record;
mod table;

pub use record::{ContractRecord, Termination};
pub use table::Contracts;
