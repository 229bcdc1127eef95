//! The exchange through its public door: scenarios a trader can read, and properties over random streams.

mod amendment;
mod flexible;
mod golden;
mod multi_market;
mod properties;
mod quotes;
mod scenario;
mod stream;
mod supply;
mod term;
mod twin;
mod unfilled;
