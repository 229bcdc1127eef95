//! PostgreSQL is stopped where it is: its kernel goes on acknowledging, and nobody answers.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use api::auth::Role;
use futures::future::join_all;
use serde_json::json;
use tests::condition::until;
use tests::exchange::TestExchange;
use tests::postgres::OwnPostgres;
use uuid::Uuid;

use crate::sequencer::{assert_consistent, bid_for_hour, is_leading, orders_in_log, place_for_certain};
use crate::trading::opened;

/// How long a caller may have to wait: the promised five seconds, and as many for a machine that has too much to do.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_stops_answering_keeps_nobody_waiting() {
    let postgres = OwnPostgres::start().await;
    let exchange = TestExchange::start_without_kafka(postgres.database().await).await;
    opened(&exchange).await;
    let acme = exchange.client("acme", Role::Buyer);
    let (key, order) = (Uuid::now_v7().to_string(), bid_for_hour(0));
    assert_eq!(acme.get("/v1/orders").await.ok()["data"], json!([]));

    let stopped = postgres.stop();
    let placing = tokio::time::timeout(PATIENCE, acme.post_with_key("/v1/orders", &order, &key));
    let reading = tokio::time::timeout(PATIENCE, acme.get("/v1/orders"));
    let (placed, read) = tokio::join!(placing, reading);
    assert_eq!(placed.expect("an answer").problem(), (503, "outcome_unknown"));
    assert_eq!(read.expect("an answer").problem(), (503, "not_caught_up"));
    until("the age of the commit grows past the moment when callers were told", async || {
        let page = exchange.anonymous().text("/metrics").await;
        let line = page.lines().find(|line| line.starts_with("secondwind_commit_under_way_seconds ")).expect("a gauge");
        let age: f64 = line.split(' ').nth(1).and_then(|age| age.parse().ok()).expect("a number");
        (age > 5.0).then_some(())
    })
    .await;
    let ready = exchange.anonymous().get("/readyz").await;
    assert_eq!((ready.status.as_u16(), &ready.body["sequencer"]), (503, &json!("recovering")));
    assert_eq!(exchange.anonymous().get("/healthz").await.status, 200);
    // Those who come later do not wait either.
    let later = tokio::time::timeout(PATIENCE, acme.post("/v1/orders", &bid_for_hour(2))).await;
    assert_eq!(later.expect("an answer").problem(), (503, "outcome_unknown"));
    let read = tokio::time::timeout(PATIENCE, acme.get("/v1/orders")).await;
    assert_eq!(read.expect("an answer").problem(), (503, "not_caught_up"));

    drop(stopped);
    is_leading(&exchange).await;
    let first = until("the key tells the outcome", async || {
        let answer = acme.post_with_key("/v1/orders", &order, &key).await;
        (answer.status != 503).then(|| answer.ok())
    })
    .await;
    assert_eq!(first["status"], "filled");
    let in_log = orders_in_log(&exchange.database.owner().await).await;
    assert_eq!(in_log["2037-01-02T00:00:00Z"], [first["id"].as_str().unwrap().parse::<Uuid>().unwrap()]);
    assert_consistent(&exchange).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_order_is_lost_or_doubled_when_the_database_is_stopped_under_load() {
    const TASKS: usize = 8;
    const ORDERS_EACH: usize = 20;
    const STOPS: usize = 2;
    let postgres = OwnPostgres::start().await;
    let exchange = TestExchange::start_without_kafka(postgres.database().await).await;
    opened(&exchange).await;
    let (acknowledged, unknown) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (acknowledged, unknown) = (&acknowledged, &unknown);
    let tasks = (0..TASKS).map(|task| {
        let buyer = exchange.client("acme", Role::Buyer);
        async move {
            let mut placed = Vec::new();
            for number in (0..ORDERS_EACH).map(|order| order * TASKS + task) {
                placed.push((number, place_for_certain(&buyer, number, unknown).await));
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            placed
        }
    });
    let stops = async {
        for stop in 1..=STOPS {
            let enough = stop * TASKS * ORDERS_EACH / (STOPS + 1);
            until("more orders are acknowledged", async || {
                (acknowledged.load(Ordering::Relaxed) >= enough).then_some(())
            })
            .await;
            let before = unknown.load(Ordering::Relaxed);
            let stopped = postgres.stop();
            until("callers are told", async || (unknown.load(Ordering::Relaxed) > before).then_some(())).await;
            drop(stopped);
        }
    };
    let (placed, ()) = tokio::join!(join_all(tasks), stops);
    is_leading(&exchange).await;
    let placed: Vec<(usize, Uuid)> = placed.into_iter().flatten().collect();
    let in_log = orders_in_log(&exchange.database.owner().await).await;
    let logged: BTreeSet<Uuid> = in_log.values().flatten().copied().collect();
    assert!(in_log.values().all(|orders| orders.len() == 1), "{in_log:?}");
    assert_eq!(logged, placed.iter().map(|(_, order)| *order).collect());
    assert_eq!(placed.len(), TASKS * ORDERS_EACH);
    assert_consistent(&exchange).await;
}
