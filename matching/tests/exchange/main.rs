//! The exchange through its public door: scenarios a trader can read, and properties over random streams.

mod properties;
mod scenario;
mod scenarios;
