//! Term trades.

mod record;
mod table;

pub use record::TradeRecord;
pub use table::Trades;
