//! What happens to the machines underneath, and what callers notice of it.
//!
//! Everybody is concerned: what is told is for how long, and what they are answered.

use std::time::{Duration, Instant};

use anyhow::ensure;
use api::auth::Role;
use futures::future::LocalBoxFuture;
use infra::TimeSource as _;
use infra::relay::RelayStatus;
use serde_json::json;

use super::Stage;
use super::bystander::Bystander;
use crate::client::{ApiClient, MARKET, ask, bid};
use crate::condition::until;
use crate::exchange::TestExchange;
use crate::kafka::TestTopic;
use crate::machine_clock::MachineClock;
use crate::postgres::{OwnPostgres, TestDatabase};

/// An hour in microseconds.
const HOUR: i64 = 3_600_000_000;

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
    vec![
        Fault {
            name: "stopped_database",
            what: "every process of PostgreSQL gets SIGSTOP, and SIGCONT once a caller has been told",
            before: "orders hung for 45 s, and `/readyz` said 200 `leading`",
            play: || Box::pin(stopped_database()) as LocalBoxFuture<'_, _>,
        },
        Fault {
            name: "jumping_clock",
            what: "the machine's clock is set three days ahead, beyond a contract of one day, and back",
            before: "the contract was delivered and billed",
            play: || Box::pin(jumping_clock()) as LocalBoxFuture<'_, _>,
        },
        Fault {
            name: "restored_database",
            what: "the database is restored to a backup, the process restarted, and more is traded than was lost",
            before: "the topic was forked: five events were never published",
            play: || Box::pin(restored_database()) as LocalBoxFuture<'_, _>,
        },
    ]
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

async fn jumping_clock() -> anyhow::Result<String> {
    let machine = MachineClock::at("2037-01-01T12:00:00Z");
    // Deposits by hand are for simulated clocks: the books are filled under one.
    let filled = TestExchange::start_without_kafka(TestDatabase::create().await).await;
    filled.operator().post("/v1/clock", &json!({"now": "2037-01-01T11:59:00Z"})).await.success()?;
    let acme = buyer_of_a_day(&Stage::from(&filled)).await?;
    let order = bid(8, "1.1000", "2037-01-02T00:00:00Z", "2037-01-03T00:00:00Z");
    acme.post("/v1/orders", &order).await.success()?;
    let exchange = TestExchange::start_with_clock(filled.stop().await, machine.clock()).await;
    let acme = exchange.client("acme", Role::Buyer);
    machine.set_by(72 * HOUR);
    let (held, ready) = (acme.post("/v1/orders", &order).await, exchange.anonymous().get("/readyz").await);
    let contract = acme.get("/v1/contracts").await.success()?["data"][0].clone();
    ensure!(held.problem() == (503, "clock_held"), "{} {}", held.status, held.body);
    ensure!(ready.status == 503, "{}", ready.body);
    ensure!(contract["status"] == "pending" && contract["recognized"] == "0.00", "{contract}");
    machine.set_by(-72 * HOUR);
    let confirm = json!({"now": machine.wall().to_string()});
    exchange.operator().post("/v1/clock/confirm", &confirm).await.success()?;
    until("orders are taken again", async || (acme.post("/v1/orders", &order).await.status == 201).then_some(())).await;
    exchange.stop().await.remove().await;
    Ok("503 clock_held, nothing delivered; orders are taken once an operator confirms the time".to_owned())
}

/// A buyer with money, beside a lot on offer.
async fn buyer_of_a_day(stage: &Stage) -> anyhow::Result<ApiClient> {
    stage.open().await?;
    let north = stage.client("north", Role::Provider);
    let window = json!({"start": "2037-01-01T00:00:00Z", "end": "2037-02-01T00:00:00Z"});
    let lot = json!({"market": MARKET, "gpus": 64, "window": window, "fabric": "hall-3"});
    let lot = north.post("/v1/lots", &lot).await.success()?["id"].clone();
    north.post("/v1/orders", &ask(&lot, 64, "1.0500")).await.success()?;
    Ok(stage.client("acme", Role::Buyer))
}

async fn restored_database() -> anyhow::Result<String> {
    let Some(topic) = TestTopic::create(2).await else { return Ok("not played: Apache Kafka is not there".to_owned()) };
    let exchange = TestExchange::start_on(TestDatabase::create().await, topic.relay()).await;
    let bystander = Bystander::arrive(&Stage::from(&exchange)).await?;
    let published = async |exchange: &TestExchange| {
        let head = exchange.node.log.head();
        until("all is published", async || {
            (exchange.node.relay.status() == RelayStatus::Published(head)).then_some(())
        })
        .await;
    };
    published(&exchange).await;
    let backup = exchange.database.copy().await;
    // The copy cut its sessions off, which the next commit finds out.
    until("an order is taken", async || (bystander.order().await.status == 201).then_some(())).await;
    for _ in 0..4 {
        bystander.order().await.success()?;
    }
    published(&exchange).await;
    exchange.stop().await.remove().await;
    let before = topic.committed().await;

    let exchange = TestExchange::start_on(backup, topic.relay()).await;
    let bystander = Bystander::returned(&Stage::from(&exchange));
    let stopped = async |exchange: &TestExchange| {
        until("the relay stops", async || {
            if let RelayStatus::Stopped(reason) = exchange.node.relay.status() { Some(reason) } else { None }
        })
        .await
    };
    stopped(&exchange).await;
    for _ in 0..10 {
        bystander.order().await.success()?;
    }
    let exchange = TestExchange::start_on(exchange.stop().await, topic.relay()).await;
    let reason = stopped(&exchange).await;
    ensure!(topic.committed().await == before, "the topic has what it had");
    exchange.stop().await.remove().await;
    Ok(format!("nothing is published, also after a restart: \"{reason}\""))
}
