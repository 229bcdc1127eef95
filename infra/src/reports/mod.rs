//! What finance asks of the books in PostgreSQL: one function or type per question, answered in typed rows.
//!
//! - `snapshot`: one state of the database, for a question or for a whole report.
//! - `books`: which books an entity keeps, and in which currencies.
//! - `accounts`, `entries`: lists of them, page by page.
//! - `trial_balance`: what the accounts of the chart come to, as of a day and as it was known.
//! - `deferred_revenue`, `payables_ageing`, `held_balances`: the reports of these names.
//! - `statements`: accounts with their lines, of an owner or of one account.
//! - `journal_export`: all entries of a span of days, with the balances at its ends.
//!
//! What may be as long as the books is answered as [`Rows`], read as it is taken: nothing here holds a report whole. It knows nothing of
//! how a report is shown, nor who may see it.

mod accounts;
mod books;
mod deferred_revenue;
mod entries;
mod held_balances;
mod journal_export;
mod payables_ageing;
mod snapshot;
mod statements;
mod trial_balance;

pub use accounts::{AccountBalance, accounts_after};
pub use books::{BookId, book_of, has_accounts_in};
pub use deferred_revenue::{DeferredAccount, DeferredMovement, DeferredRevenueOf};
pub use entries::{BookEntry, EntriesOf, EntryLine, ListedEntry};
pub use held_balances::HeldBalancesOf;
pub use journal_export::{ExportedEntry, JournalExtent, JournalOf, ManualEntry, OwnedAccount, OwnedBalance};
pub use payables_ageing::{PayableAges, PayablesAgeingOf, SellerPayable};
pub use snapshot::{BriefSnapshot, Rows, Snapshot};
pub use statements::{AccountPart, AccountUse, SectionsOf, StatementLine, StatementSection, has_bought};
pub(crate) use trial_balance::RUN_ENTRIES;
pub use trial_balance::{AccountTotal, TrialBalanceOf, last_event_by};
