//! One engine on one thread, the next order when the one before is done: the same for ours and for others.

use std::time::Instant;

use super::allocations::allocations;
use super::latency::Latencies;
use super::table::{per_second, ratio};

/// Passes over the same commands; the middle one counts.
const PASSES: usize = 5;

/// What an engine did.
pub(super) struct Measured<E> {
    /// Commands per second, without a look at the clock between them.
    pub rate: u64,
    /// Of the commands one by one.
    pub latencies: Latencies,
    /// Allocations per command, with two decimals.
    pub allocations: String,
    /// The engine after a pass.
    pub engine: E,
}

/// Carries out the commands several times, each time from a fresh copy of the engine.
pub(super) fn measure<E, C>(
    fresh: impl Fn() -> E,
    commands: &[C],
    execute: impl Fn(&mut E, &C) -> anyhow::Result<()>,
) -> anyhow::Result<Measured<E>> {
    let mut passes = Vec::with_capacity(PASSES);
    for _ in 0..PASSES {
        let mut engine = fresh();
        let (allocated, started) = (allocations(), Instant::now());
        for command in commands {
            execute(&mut engine, command)?;
        }
        let took = started.elapsed();
        passes.push((took, allocations() - allocated));
    }
    passes.sort_unstable();
    let (took, allocated) = passes[PASSES / 2];

    let mut engine = fresh();
    let mut latencies = Latencies::new();
    let mut before = Instant::now();
    for command in commands {
        execute(&mut engine, command)?;
        let after = Instant::now();
        latencies.record(after - before);
        before = after;
    }
    Ok(Measured {
        rate: per_second(commands.len(), took),
        latencies,
        allocations: ratio(allocated, commands.len() as u64),
        engine,
    })
}
