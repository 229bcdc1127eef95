//! Lots that providers have listed.

mod record;
mod table;

pub use record::LotRecord;
pub use table::Lots;
