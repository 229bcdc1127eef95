//! Recorded data as a plan of client actions.
//!
//! Two public recordings meet here: daily rental prices of GPU providers (`prices`) and the pods of a GPU
//! cluster (`demand`). [`Plan`] lays both on one origin and turns them into what real clients would send to the
//! exchange: providers register lots and post asks (`supply`), buyers bid for node-sized windows (`packing`,
//! `bids`). `classes` is the published mapping between the recordings' model names and the exchange's classes.
//!
//! Nothing outside [`run`], which plays the plan over HTTP, does network I/O, reads a clock or draws a random number:
//! the same two files and the same origin give the same plan on every machine.

mod actions;
mod bids;
mod calendar;
mod classes;
mod demand;
mod draw;
mod packing;
mod plan;
mod prices;
mod quotes;
pub mod run;
mod summary;
mod supply;
mod table;

#[cfg(test)]
mod full_files;
#[cfg(test)]
mod naive_match;

pub use actions::{Action, MarketSpec, Role, Step};
pub use bids::TimeInForce;
pub use calendar::{HourSpan, Origin, Window};
pub use classes::{CLASSES, ClassSpec, mapping_markdown};
pub use demand::{Pod, Pods, Qos, SkipReason};
pub use plan::{Plan, PlanError};
pub use prices::{Observation, Observations, RentalType};
pub use summary::{ClassSummary, ObservationCounts, PlanSummary, PodCounts};
pub use supply::SpotQuote;
pub use table::InputError;
