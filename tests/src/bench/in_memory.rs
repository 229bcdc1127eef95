//! Matching in memory: the exchange alone, closed loop, holds and funds check on; and rivals with the same flow.

use anyhow::ensure;
use matching::{Command, Exchange, Log, Record};

use super::closed_loop::{self, Measured};
use super::flow::Flow;
use super::rivals::Rivals;
use super::steps::{PlainFlow, Step};
use super::table::{Row, Table, ratio};
use super::{InMemory, Options, progress};

/// Orders at rest while it is measured.
const RESTING: [usize; 3] = [1_000, 10_000, 100_000];
/// Orders and cancels of one pass.
const COMMANDS: usize = 300_000;

/// Tells the flow of each event.
struct Learning<'a>(&'a mut Flow);

impl Log for Learning<'_> {
    fn append(&mut self, record: Record) {
        self.0.learn(&record.event);
    }
}

/// Only counts.
#[derive(Default)]
struct Counting {
    events: usize,
}

impl Log for Counting {
    fn append(&mut self, _: Record) {
        self.events += 1;
    }
}

pub(super) fn measure(options: &Options, table: &mut Table) -> anyhow::Result<()> {
    let rivals = options.wants(InMemory::Rivals).then(Rivals::prepare);
    for resting in RESTING {
        progress::tell("matching in memory", resting);
        let flow = PlainFlow::new(resting, options.sized(COMMANDS))?;
        let size = format!("{resting} resting orders");
        let rate = measure_ours(&flow, &size, table)?;
        if let Some(rivals) = &rivals {
            rivals.measure(&flow, &size, rate, table)?;
        }
    }
    Ok(())
}

/// Measures the exchange and tells its rate.
fn measure_ours(flow: &PlainFlow, size: &str, table: &mut Table) -> anyhow::Result<u64> {
    let Prepared { exchange, commands, .. } = prepare(flow)?;
    let fresh = || (exchange.clone(), Counting::default());
    let execute = |(exchange, log): &mut (Exchange, Counting), command: &Command| {
        exchange.execute(command, log)?;
        Ok(())
    };
    let Measured { rate, latencies, allocations, engine: (_, log) } = closed_loop::measure(fresh, &commands, execute)?;
    let per_order = |count: usize| ratio(u64::try_from(count).unwrap_or(u64::MAX), commands.len() as u64);
    table.add(Row {
        measured: "matching, plain book, in memory",
        size: size.to_owned(),
        rate,
        latency: Some(latencies.quantiles()),
        remarks: format!("per order {allocations} allocations, {} events", per_order(log.events)),
        ..Row::default()
    });
    Ok(rate)
}

/// The plain flow as commands.
pub(super) struct Prepared {
    /// What fills the book.
    pub filling: Vec<Command>,
    /// The exchange after it.
    pub exchange: Exchange,
    /// What comes next, to be measured.
    pub commands: Vec<Command>,
}

/// Makes the commands by carrying them out, because a cancel names an order by the id that the exchange gave it.
pub(super) fn prepare(plain: &PlainFlow) -> anyhow::Result<Prepared> {
    let mut flow = Flow::new()?;
    let mut exchange = Exchange::new();
    let mut filling = Vec::new();
    for instruction in flow.opening()? {
        let command = flow.command(instruction);
        exchange.execute(&command, &mut Learning(&mut flow))?;
        filling.push(command);
    }
    filling.extend(carry_out(&plain.resting, &mut flow, &mut exchange)?);
    flow.take_traded();
    let commands = carry_out(&plain.measured, &mut flow, &mut exchange.clone())?;
    let traded = flow.take_traded();
    ensure!(flow.limited() == 0, "{} searches of the plain flow met their limit", flow.limited());
    ensure!(traded == plain.traded, "the exchange traded {traded:?} and not {:?}", plain.traded);
    Ok(Prepared { filling, exchange, commands })
}

fn carry_out(steps: &[Step], flow: &mut Flow, exchange: &mut Exchange) -> anyhow::Result<Vec<Command>> {
    let commands = steps.iter().map(|step| {
        let instruction = flow.instruction(*step)?;
        let command = flow.command(instruction);
        exchange.execute(&command, &mut Learning(flow))?;
        Ok(command)
    });
    commands.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::allocations::{CountingAllocator, allocations};

    #[global_allocator]
    static ALLOCATOR: CountingAllocator = CountingAllocator;

    /// Orders, cancels and trades over a book that stays as full as it is. Every sixth leaves a contract behind, and what holds the
    /// contracts grows by doubling: so many allocations may be, whatever the number of orders.
    #[test]
    fn an_order_in_the_plain_book_allocates_nothing() {
        const GROWTH: u64 = 40;
        let orders = 60_000;
        let Prepared { mut exchange, commands, .. } = prepare(&PlainFlow::new(2_000, orders).unwrap()).unwrap();
        let (warming, steady) = commands.split_at(orders * 3 / 5);
        let mut log = Counting::default();
        for command in warming {
            exchange.execute(command, &mut log).unwrap();
        }
        let before = allocations();
        assert!(before > 0, "allocations are counted");
        for command in steady {
            exchange.execute(command, &mut log).unwrap();
        }
        let allocated = allocations() - before;
        assert!(allocated <= GROWTH, "{allocated} allocations for {} orders", steady.len());
    }

    #[test]
    fn the_exchange_trades_as_the_flow_says() {
        let flow = PlainFlow::new(60, 600).unwrap();
        assert_eq!(flow.traded.trades, 100);
        prepare(&flow).unwrap();
    }
}
