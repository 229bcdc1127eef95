//! The books: transfers through the sequencer beside a ledger in SQL, the audit, and trial balances.
//!
//! - `payouts`: the workload, for our exchange and as transfers between numbered accounts.
//! - `transfers`: durable transfers per second, ours and the rival's in turn.
//! - `rival`: a ledger of functions and row locks in the same PostgreSQL.
//! - `audit`: the audit of logs of several sizes.
//! - `trial_balance`: trial balances of books of several lengths, and transfers into the longest.

mod audit;
mod payouts;
mod rival;
mod transfers;
mod trial_balance;

use super::Options;
use super::postgres::DurablePostgres;
use super::table::Table;

/// Measures the books.
pub(super) async fn measure(options: &Options, postgres: &DurablePostgres, table: &mut Table) -> anyhow::Result<()> {
    transfers::measure(options, postgres, table).await?;
    audit::measure(options, postgres, table).await?;
    trial_balance::measure(options, postgres, table).await
}
