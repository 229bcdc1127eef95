//! Other matching engines with the plain flow that ours is measured with, in the same run; the naive twin among them.
//!
//! Each must trade as the flow says: as often, as much and at the same prices. One that cannot be had on this machine is named in the
//! table with the reason.

mod exchange_core;
mod matchcore;
mod naive_twin;

use super::progress;
use super::steps::PlainFlow;
use super::table::{Row, Table};
use exchange_core::{ExchangeCore, Part};

/// The engines that have to be built first, or why they cannot be.
pub(super) struct Rivals {
    exchange_core: anyhow::Result<ExchangeCore>,
}

impl Rivals {
    pub fn prepare() -> Self {
        progress::tell("building", "exchange-core's driver");
        Self { exchange_core: ExchangeCore::build() }
    }

    /// Measures them all beside `our_rate`, which is of the same flow.
    pub fn measure(&self, flow: &PlainFlow, size: &str, our_rate: u64, table: &mut Table) -> anyhow::Result<()> {
        let row = |row: Row| Row { size: size.to_owned(), our_rate: Some(our_rate), ..row };
        progress::tell("plain book: matchcore", size);
        table.add(row(matchcore::measure(flow)?));
        progress::tell("plain book: the naive twin", size);
        table.add(row(naive_twin::measure(flow)?));
        for part in [Part::Book, Part::Exchange] {
            progress::tell(part.measured(), size);
            let measured = match &self.exchange_core {
                Ok(exchange_core) => exchange_core.measure(part, flow)?,
                Err(reason) => part.unmeasured(reason),
            };
            table.add(row(measured));
        }
        Ok(())
    }
}
