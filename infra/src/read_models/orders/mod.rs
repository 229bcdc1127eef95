//! Orders, with what each has traded.

mod fill;
mod record;
mod table;

pub use fill::Fill;
pub use record::{OrderKind, OrderRecord, OrderStatus, StoredBid};
pub use table::{OrderFilter, Orders};
