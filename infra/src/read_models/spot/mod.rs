//! Spot auctions and spot sales.

mod auction;
mod sale;
mod table;

pub use auction::{AuctionRecord, MissedReason};
pub use sale::{OwnSale, SaleRecord};
pub use table::Spot;
