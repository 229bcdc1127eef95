//! The attacks of the threat model (`docs/security.md`), each as a test that failed before it was mended.

mod cancels;
mod computing;
mod connections;
mod isolation;
mod jumping_clock;
mod limits;
mod metrics_access;
mod reports;
mod search;
mod shapes;
mod stopped_database;
mod text;
mod tokens;

use tests::attacks::{Stage, named};
use tests::exchange::TestExchange;

/// Plays an attack against a fresh exchange, whose answers it checks; what came of it.
async fn played(name: &str) -> (TestExchange, String) {
    played_against(TestExchange::start().await, name).await
}

/// Plays an attack against this exchange.
async fn played_against(exchange: TestExchange, name: &str) -> (TestExchange, String) {
    let outcome = (named(name).play)(&Stage::from(&exchange)).await;
    let outcome = outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
    (exchange, outcome)
}
