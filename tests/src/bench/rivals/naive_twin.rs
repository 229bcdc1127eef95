//! The twin that the tests hold ours against: every order in one list that each command scans, the same rules, no money.
//!
//! What ours gains by its indexes shows beside it. It gets fewer commands the fuller the book is, and none where filling it would
//! take minutes: each order at rest costs the ones after it a look.

use anyhow::ensure;
use matching::Command;
use twin::{Told, Twin};

use crate::bench::closed_loop::{self, Measured};
use crate::bench::flow::TICK_MICROS;
use crate::bench::in_memory::{Prepared, prepare};
use crate::bench::steps::{PlainFlow, Tally};
use crate::bench::table::Row;

const MEASURED: &str = "plain book: the naive twin";
/// Looks at orders at rest in one pass: commands times orders.
const LOOKS: usize = 4_000_000;
/// More orders at rest are not measured.
const RESTING_MAX: usize = 10_000;

fn execute((twin, traded): &mut (Twin, Tally), command: &Command) -> anyhow::Result<()> {
    let (told, outcome) = twin.execute(command);
    ensure!(outcome.is_ok(), "the twin refuses {command:?}");
    for told in told {
        if let Told::Traded { gpus, price, .. } = told {
            traded.add(gpus.into(), u64::try_from(price.micros() / TICK_MICROS)?);
        }
    }
    Ok(())
}

/// Measures the twin with the first commands of the flow.
pub(super) fn measure(flow: &PlainFlow) -> anyhow::Result<Row> {
    let resting = flow.resting.len();
    if resting > RESTING_MAX {
        let remarks = "not measured: filling the book takes it minutes".to_owned();
        return Ok(Row { measured: MEASURED, remarks, ..Row::default() });
    }
    let commands = flow.measured.len().min(LOOKS / resting.max(1));
    let shorter = PlainFlow::new(resting, commands)?;
    let Prepared { filling, commands, .. } = prepare(&shorter)?;
    let mut full = (Twin::new(u32::MAX), Tally::default());
    for command in &filling {
        execute(&mut full, command)?;
    }
    let fresh = || (full.0.clone(), Tally::default());
    let Measured { rate, latencies, allocations, engine: (_, traded) } =
        closed_loop::measure(fresh, &commands, execute)?;
    ensure!(traded == shorter.traded, "the twin traded {traded:?} and not {:?}", shorter.traded);
    Ok(Row {
        measured: MEASURED,
        rate,
        latency: Some(latencies.quantiles()),
        remarks: format!("the first {} commands, per order {allocations} allocations", commands.len()),
        ..Row::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_trades_as_the_flow_says() {
        let flow = PlainFlow::new(60, 600).unwrap();
        assert_eq!(flow.traded.trades, 100);
        measure(&flow).unwrap();
    }
}
