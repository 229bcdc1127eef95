//! `make demo-month`: a month of an exchange, from its first deposit to its closed and audited books.

use tests::demo_month::{Teller, play};

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(play(&mut Teller::new(&mut std::io::stdout())))
}
