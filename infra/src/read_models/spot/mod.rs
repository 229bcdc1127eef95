//! Auctions by the hour, and what was bought and sold by the hour.

mod auction;
mod sale;
mod table;

pub use auction::{AuctionRecord, MissedReason};
pub use sale::{OwnSale, SaleRecord};
pub use table::Spot;
