//! Orders: bids and asks, for a term and by the hour.

mod body;
mod changing;
mod placing;
mod quoting;
mod read;
mod request;

pub(crate) use body::{order_body, order_of_receipt};
pub use changing::{amend, cancel, cancel_all};
pub(crate) use changing::{amendment_instruction, cancelled_of_receipt};
pub(crate) use placing::{batch_outcome, orders_of};
pub use placing::{place, place_batch};
pub use quoting::ask;
pub(crate) use quoting::quote;
pub use read::{list, show};
pub(crate) use read::{order_filter, order_unknown};
pub(crate) use request::{check_role, new_order};
