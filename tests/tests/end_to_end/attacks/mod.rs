//! The attacks of the threat model (`docs/security.md`), each as a test that failed before it was mended.

mod isolation;
mod jumping_clock;
mod search;
mod shapes;
mod stopped_database;
mod tokens;

use tests::attacks::{Stage, named};
use tests::exchange::TestExchange;

/// Plays an attack against a fresh exchange, whose answers it checks; what came of it.
async fn played(name: &str) -> (TestExchange, String) {
    let exchange = TestExchange::start().await;
    let outcome = (named(name).play)(&Stage::from(&exchange)).await;
    let outcome = outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
    (exchange, outcome)
}
