//! The exchange through its public door: scenarios a trader can read, and properties over random streams.

mod accounting;
mod amendment;
mod auction;
mod bank;
mod billing;
mod boxes;
mod conformance;
mod controls;
mod delivery;
mod flexible;
mod golden;
mod line;
mod multi_market;
mod placement;
mod properties;
mod quotes;
mod request;
mod resale;
mod scenario;
mod self_trade;
mod spot;
mod stream;
mod supply;
mod term;
mod twin;
mod unfilled;
