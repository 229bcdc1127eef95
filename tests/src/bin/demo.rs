//! `make demo-month` and `make demo-box`: what an exchange does over a long time.

use clap::Parser;
use tests::demo::{Teller, box_life, month};

/// Plays a demonstration and tells of it.
#[derive(Parser)]
enum Demo {
    /// A month of an exchange, from its first deposit to its closed and audited books.
    Month,
    /// Five years of a box on a contract of the exchange, until its debt is repaid and nothing is left over.
    Box,
}

fn main() -> anyhow::Result<()> {
    let demo = Demo::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut out = std::io::stdout();
    let tell = &mut Teller::new(&mut out);
    runtime.block_on(async {
        match demo {
            Demo::Month => month::play(tell).await,
            Demo::Box => box_life::play(box_life::MONTHS, tell).await,
        }
    })
}
