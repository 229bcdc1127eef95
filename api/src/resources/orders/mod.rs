//! Orders: bids and asks, for a term and by the hour.

mod body;
mod changing;
mod placing;
mod quoting;
mod read;
mod request;

pub use body::{OrderBody, OrderTradeBody};
pub use changing::{AmendmentBody, amend, cancel, cancel_all};
pub(crate) use changing::{CancelQuery, CancelledBody};
pub(crate) use placing::BatchOutcome;
pub use placing::{BatchBody, place, place_batch};
pub use quoting::{QuoteBody, ask};
pub use read::{OrderQuery, list, show};
pub(crate) use read::{ReadQuery, order_unknown};
pub use request::NewOrderBody;
