//! Organizations' own events: which events of the log concern an organization, and what it may see of them.
//!
//! [`matching::Event::part_of`] alone decides what an organization may see of an event.

mod event;
mod index;
mod table;

pub use event::OwnEvent;
pub use index::concerned;
pub use table::OwnEvents;
pub(super) use table::insert;
pub(crate) use table::{COLUMNS, read_own_event};
