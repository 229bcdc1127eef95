//! The exchange through its public door: scenarios a trader can read, and properties over random streams.

mod golden;
mod properties;
mod scenario;
mod scenarios;
