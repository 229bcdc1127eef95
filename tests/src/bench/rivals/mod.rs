//! Other matching engines with the plain flow that ours is measured with, in the same run.
//!
//! Each must trade as the flow says: as often, as much and at the same prices.

mod matchcore;

use super::progress;
use super::steps::PlainFlow;
use super::table::{Row, Table};

/// Measures them all beside `our_rate`, which is of the same flow.
pub(super) fn measure(flow: &PlainFlow, size: &str, our_rate: u64, table: &mut Table) -> anyhow::Result<()> {
    progress::tell("plain book: matchcore", size);
    let row = matchcore::measure(flow)?;
    table.add(Row { size: size.to_owned(), our_rate: Some(our_rate), ..row });
    Ok(())
}
