//! The bank: accounts, statements, transfers and reconciliations.

pub mod accounts;
pub mod reconciliations;
pub mod statements;
pub mod transfers;
pub mod withholding;
