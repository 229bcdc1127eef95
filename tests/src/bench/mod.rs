//! The benchmarks: what the exchange does per second, beside what PostgreSQL alone would do with the same rows.
//!
//! Everything is measured in one run on one machine with a fixed seed, so that the ratios mean something where the numbers do
//! not. A timing is never a test: nothing here fails because it was slow.
//!
//! - `steps`, `flow`, `draw`: the workload, for any engine and as instructions to ours.
//! - `closed_loop`, `open_loop`, `latency`, `processor_time`: offering it and measuring.
//! - `in_memory`, `windows`, `adversarial`, `auction`, `durable`, `acknowledged`, `over_http`, `catch_up`: one measurement each.
//! - `ledger`: the books, beside a ledger in SQL; `boxes`: deals and their waterfall runs.
//! - `desk`: an exchange for workloads that the plain flow does not have.
//! - `hostile`: books made to keep a search busy, with what a step of the engine costs.
//! - `growth`, `plot`: how what a bid costs grows with the book.
//! - `rivals`: other matching engines with the same workload.
//! - `journaled`: the plain flow as batches of the journal.
//! - `postgres`, `written_rows`: the durable server, and the rows that the baselines write again.

mod acknowledged;
mod adversarial;
mod allocations;
mod auction;
mod boxes;
mod catch_up;
mod closed_loop;
mod desk;
mod draw;
mod durable;
mod flow;
mod growth;
mod hostile;
mod in_memory;
mod journaled;
mod latency;
mod ledger;
mod open_loop;
mod over_http;
mod plot;
mod postgres;
mod processor_time;
mod progress;
mod rivals;
mod steps;
mod table;
mod windows;
mod written_rows;

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Parser;

pub use allocations::CountingAllocator;
pub use table::Table;

use postgres::DurablePostgres;

/// How to run the benchmarks.
#[derive(Parser)]
#[command(about = "Measures the exchange and prints one table")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own on the command line")]
pub struct Options {
    /// Smaller sizes: a minute at most, and noisier.
    #[arg(long)]
    pub quick: bool,
    /// Only matching in memory and its rivals, without PostgreSQL.
    #[arg(long)]
    pub in_memory: bool,
    /// Of matching in memory, only these.
    #[arg(long, value_enum, value_name = "WHICH")]
    pub only: Vec<InMemory>,
    /// Only the books: transfers, audit and trial balance.
    #[arg(long, conflicts_with_all = ["in_memory", "only"])]
    pub ledger: bool,
    /// Only boxes: projections and waterfall runs.
    #[arg(long, conflicts_with_all = ["in_memory", "only", "ledger"])]
    pub boxes: bool,
    /// Where to draw what a bid costs against the size of the book, as SVG.
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// Print the table as Markdown.
    #[arg(long)]
    pub markdown: bool,
    /// A directory on the disk to be measured; PostgreSQL's data live there during the run.
    #[arg(long, default_value = "/var/tmp")]
    pub directory: PathBuf,
}

/// A measurement in memory.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum InMemory {
    /// The plain book.
    Plain,
    /// The plain book, and its rivals with the same flow.
    Rivals,
    /// Windows of every length.
    Windows,
    /// Books made to hurt the index over time.
    Adversarial,
    /// The spot auction.
    Auction,
}

impl Options {
    /// Whether a measurement in memory is asked for.
    fn wants(&self, which: InMemory) -> bool {
        !self.ledger && !self.boxes && (self.only.is_empty() || self.only.contains(&which))
    }

    /// A count for a full run, or its tenth for a quick one.
    fn sized(&self, full: usize) -> usize {
        if self.quick { full.div_ceil(10) } else { full }
    }
}

/// Runs every benchmark.
///
/// # Errors
/// Whatever kept one from running: PostgreSQL, the broker, or a port that could not be had.
pub fn run(options: &Options) -> anyhow::Result<Table> {
    ensure!(options.plot.is_none() || options.wants(InMemory::Windows), "the plot is of windows, which are left out");
    let mut table = Table::default();
    // Before anything else runs in this process: a core for itself, and no allocations but its own.
    if options.wants(InMemory::Plain) || options.wants(InMemory::Rivals) {
        in_memory::measure(options, &mut table)?;
    }
    if options.wants(InMemory::Windows) {
        windows::measure(options, &mut table)?;
    }
    if options.wants(InMemory::Adversarial) {
        adversarial::measure(options, &mut table)?;
        hostile::measure(options, &mut table)?;
    }
    if options.wants(InMemory::Auction) {
        auction::measure(options, &mut table)?;
    }
    if options.in_memory || !options.only.is_empty() {
        progress::done();
        return Ok(table);
    }

    let postgres = DurablePostgres::start(&options.directory)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime")?;
    runtime.block_on(async {
        if !options.ledger && !options.boxes {
            let per_order = durable::measure(options, &postgres, &mut table).await?;
            acknowledged::measure(options, &postgres, per_order, &mut table).await?;
            over_http::measure(options, &postgres, per_order, &mut table).await?;
        }
        if !options.boxes {
            ledger::measure(options, &postgres, &mut table).await?;
        }
        if !options.ledger {
            boxes::measure(options, &postgres, &mut table).await?;
        }
        Ok::<_, anyhow::Error>(())
    })?;
    progress::done();
    Ok(table)
}
