//! Orders: bids and asks.

mod body;
mod placing;
mod read;

pub use body::{OrderBody, OrderTradeBody};
pub use placing::{NewOrderBody, cancel, place};
pub use read::{OrderQuery, list, show};
