//! Matching in memory: the exchange alone, closed loop, holds and funds check on.

use std::time::{Duration, Instant};

use ledger::Entry;
use matching::{Command, Exchange, Log, Record};

use super::allocations::allocations;
use super::flow::Flow;
use super::latency::Latencies;
use super::table::{Row, Table, per_second, ratio};
use super::{Options, progress};

/// Orders at rest while it is measured.
const RESTING: [usize; 3] = [1_000, 10_000, 100_000];
/// Orders and cancels of one pass.
const COMMANDS: usize = 300_000;
/// Passes over the same commands; the middle one counts.
const PASSES: usize = 5;

/// Tells the flow of each event.
struct Learning<'a>(&'a mut Flow);

impl Log for Learning<'_> {
    fn append(&mut self, record: Record, _: &[Entry]) {
        self.0.learn(&record.event);
    }
}

/// Only counts.
#[derive(Default)]
struct Counting {
    events: usize,
    entries: usize,
}

impl Log for Counting {
    fn append(&mut self, _: Record, entries: &[Entry]) {
        self.events += 1;
        self.entries += entries.len();
    }
}

pub(super) fn measure(options: &Options, table: &mut Table) -> anyhow::Result<()> {
    for resting in RESTING {
        progress::tell("matching in memory", resting);
        let (exchange, commands) = prepare(resting, options.sized(COMMANDS))?;
        let mut passes = (0..PASSES).map(|_| pass(&exchange, &commands)).collect::<anyhow::Result<Vec<_>>>()?;
        passes.sort_unstable_by_key(|(took, ..)| *took);
        let (took, allocated, log) = passes.swap_remove(PASSES / 2);
        let per_order = |count: usize| ratio(u64::try_from(count).unwrap_or(u64::MAX), commands.len() as u64);
        table.add(Row {
            measured: "matching, plain book, in memory",
            size: format!("{resting} resting orders"),
            rate: per_second(commands.len(), took),
            latency: Some(one_by_one(&exchange, &commands)?.quantiles()),
            remarks: format!(
                "per order {} allocations, {} events, {} entries",
                ratio(allocated, commands.len() as u64),
                per_order(log.events),
                per_order(log.entries)
            ),
            ..Row::default()
        });
    }
    Ok(())
}

/// An exchange with a full book, and the commands that come next. They are made by carrying them out on a copy, because a cancel
/// names an order that is still open.
fn prepare(resting: usize, commands: usize) -> anyhow::Result<(Exchange, Vec<Command>)> {
    let mut flow = Flow::new()?;
    let mut exchange = Exchange::new();
    for instruction in flow.opening()? {
        let command = flow.command(instruction);
        exchange.execute(&command, &mut Learning(&mut flow))?;
    }
    for _ in 0..resting {
        let instruction = flow.resting_order()?;
        let command = flow.command(instruction);
        exchange.execute(&command, &mut Learning(&mut flow))?;
    }
    let mut trial = exchange.clone();
    let commands = (0..commands).map(|_| {
        let instruction = flow.order_or_cancel()?;
        let command = flow.command(instruction);
        trial.execute(&command, &mut Learning(&mut flow))?;
        Ok(command)
    });
    let commands = commands.collect::<anyhow::Result<Vec<_>>>()?;
    Ok((exchange, commands))
}

/// All commands without a look at the clock between them: the time, the allocations, and what was logged.
fn pass(exchange: &Exchange, commands: &[Command]) -> anyhow::Result<(Duration, u64, Counting)> {
    let mut exchange = exchange.clone();
    let mut log = Counting::default();
    let (allocated, started) = (allocations(), Instant::now());
    for command in commands {
        exchange.execute(command, &mut log)?;
    }
    let took = started.elapsed();
    Ok((took, allocations() - allocated, log))
}

/// The same once more, each command by the clock.
fn one_by_one(exchange: &Exchange, commands: &[Command]) -> anyhow::Result<Latencies> {
    let mut exchange = exchange.clone();
    let mut log = Counting::default();
    let mut latencies = Latencies::new();
    let mut before = Instant::now();
    for command in commands {
        exchange.execute(command, &mut log)?;
        let after = Instant::now();
        latencies.record(after - before);
        before = after;
    }
    Ok(latencies)
}
