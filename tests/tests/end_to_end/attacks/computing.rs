//! What computes keeps nobody waiting but those who compute.

use std::time::Duration;

use api::auth::Role;
use api::resources::health::MetricsAccess;
use api::server::ServerSettings;
use futures::future::join_all;
use infra::config::{Limits, Rate};
use tests::client::MARKET;
use tests::exchange::TestExchange;
use tests::picking::only;

use super::played_against;
use crate::opening::{NEXT_DAY, START, admit, day_bid};

#[tokio::test(flavor = "multi_thread")]
async fn quotes_beyond_the_places_are_told_to_come_back() {
    let limits = Limits {
        computing_max: 1,
        computing_waiting_max: 2,
        computing_per_organization_max: 2,
        ..Limits::of_one_machine()
    };
    let exchange = TestExchange::start_limited(ServerSettings { limits, metrics: MetricsAccess::Everyone }).await;
    admit(&exchange).await;
    let acme = exchange.client("acme", Role::Buyer);
    let quote = day_bid(8, "1.0000");
    let mut refused = 0;
    for _ in 0..50 {
        for answer in join_all((0..16).map(|_| acme.post("/v1/quotes", &quote))).await {
            if answer.status != 200 {
                assert_eq!(answer.problem(), (503, "too_busy"));
                assert_eq!(answer.headers["retry-after"], "1");
                refused += 1;
            }
        }
        if refused > 0 {
            break;
        }
    }
    assert!(refused > 0, "sixteen at a time found room for two");
    acme.post("/v1/quotes", &quote).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_the_computing_state_keeps_no_order_waiting() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let (acme, replica) = (exchange.client("acme", Role::Buyer), exchange.node.replica.clone());
    let (release, held) = std::sync::mpsc::channel::<()>();
    let holder = tokio::task::spawn_blocking(move || {
        let exchange = replica.blocking_read();
        held.recv().ok();
        exchange.sequence()
    });
    // Orders are committed and answered, and reads of every other kind, however long it takes.
    let placed = acme.post("/v1/orders", &day_bid(8, "0.0100")).await;
    assert_eq!(placed.status, 201);
    acme.get("/v1/orders").await.ok();
    acme.get("/v1/account/balances").await.ok();
    exchange.anonymous().get("/readyz").await.ok();
    release.send(()).unwrap();
    let sequence = holder.await.unwrap();
    assert!(sequence < exchange.node.log.head(), "it was held all along");
    // Whoever computes now sees the order.
    let book = acme.get(&format!("/v1/markets/{MARKET}/book?start={START}&end={NEXT_DAY}")).await.ok();
    assert_eq!(only(&book["bids"])["gpus"], 8);
    assert!(exchange.node.replica.reached(exchange.node.log.head(), Duration::from_mins(1)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_quotes_is_cut() {
    let mut limits = Limits::default();
    limits.client.computing = Rate::new(1, 40);
    let strict = ServerSettings { limits, metrics: MetricsAccess::Everyone };
    let (_, outcome) = played_against(TestExchange::start_limited(strict).await, "quote_flood").await;
    assert!(outcome.contains("200: ") && outcome.contains("429: "), "{outcome}");
}
