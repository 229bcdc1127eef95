//! Events of the books: closed months, manual journals, and withholding.

mod journal_approved;
mod journal_proposed;
mod journal_rejected;
mod period_closed;
mod withholding_set;

pub use journal_approved::JournalApproved;
pub use journal_proposed::JournalProposed;
pub use journal_rejected::JournalRejected;
pub use period_closed::PeriodClosed;
pub use withholding_set::WithholdingSet;
