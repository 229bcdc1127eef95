//! `make attacks`: what hostile clients do, and what becomes of it and of others meanwhile.

use clap::Parser;

/// Plays the attacks of the threat model and prints a table. Fails when somebody else was hurt.
#[derive(Parser)]
struct Options {
    /// Only attacks whose names contain this.
    #[arg(default_value = "")]
    filter: String,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(tests::attacks::table::play(&options.filter))
}
