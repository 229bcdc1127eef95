//! The benchmarks, as one table on standard output: see `docs/benchmarks.md`.

use clap::Parser;
use tests::bench::{CountingAllocator, Options, run};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let table = run(&options)?;
    print!("{}", if options.markdown { table.markdown() } else { table.text() });
    Ok(())
}
