//! The operator's books: lists, reports, manual journals and exports.

pub mod account_lines;
pub mod accounts;
pub mod deferred_revenue;
pub mod entries;
pub mod exports;
pub mod journals;
pub mod open_holds;
pub mod payables_ageing;
pub mod periods;
pub mod statements;
pub mod trial_balance;
