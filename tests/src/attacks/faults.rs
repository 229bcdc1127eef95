//! What happens to the machines underneath, and what callers notice of it.
//!
//! Everybody is concerned: what is told is for how long, and what they are answered.

use std::time::{Duration, Instant};

use anyhow::ensure;
use futures::future::LocalBoxFuture;

use super::Stage;
use super::bystander::Bystander;
use crate::condition::until;
use crate::exchange::TestExchange;
use crate::postgres::OwnPostgres;

/// A fault of the threat model (`docs/security.md`).
pub struct Fault {
    /// The name under which the threat model lists it.
    pub name: &'static str,
    /// What happens, in a few words.
    pub what: &'static str,
    /// What came of it before it was mended, as measured then.
    pub before: &'static str,
    /// Plays it and tells what came of it.
    pub play: fn() -> LocalBoxFuture<'static, anyhow::Result<String>>,
}

/// Every fault that `make attacks` plays.
pub fn all() -> Vec<Fault> {
    vec![Fault {
        name: "stopped_database",
        what: "every process of PostgreSQL gets SIGSTOP, and SIGCONT once a caller has been told",
        before: "orders hung for 45 s, and `/readyz` said 200 `leading`",
        play: || Box::pin(stopped_database()) as LocalBoxFuture<'_, _>,
    }]
}

async fn stopped_database() -> anyhow::Result<String> {
    let postgres = OwnPostgres::start().await;
    let exchange = TestExchange::start_without_kafka(postgres.database().await).await;
    let stage = Stage::from(&exchange);
    let bystander = Bystander::arrive(&stage).await?;
    let stopped = postgres.stop();
    let begun = Instant::now();
    let order = bystander.order().await;
    let told_after = begun.elapsed();
    let ready = stage.anonymous().get("/readyz").await;
    ensure!(order.problem() == (503, "outcome_unknown"), "{} {}", order.status, order.body);
    ensure!(ready.status == 503, "{} {}", ready.status, ready.body);
    drop(stopped);
    let goes_on = Instant::now();
    until("an order is taken", async || (bystander.order().await.status == 201).then_some(())).await;
    let seconds = |span: Duration| format!("{:.1} s", span.as_secs_f64());
    let told = format!(
        "503 outcome_unknown after {}, `/readyz` 503; orders are taken {} after it goes on",
        seconds(told_after),
        seconds(goes_on.elapsed())
    );
    exchange.stop().await.remove().await;
    Ok(told)
}
