//! Trades for a term.

mod record;
mod table;

pub use record::TradeRecord;
pub use table::Trades;
