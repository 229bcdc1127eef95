//! Idempotency keys: a request that is repeated happens once, and its answer stays.

use api::auth::Role;
use infra::relay::RelayConfig;
use reqwest::Method;
use serde_json::json;
use tests::client::{MARKET, ask};
use tests::condition::until;
use tests::exchange::{TOPIC, TestExchange};
use tests::picking::any;

use crate::opening::{admit, day_bid, deposit, head, list};

/// Requests that are sent at once.
const CONCURRENT: usize = 32;

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_is_answered_alike_and_happens_once() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let acme = exchange.client("acme", Role::Buyer);
    let before = head(&exchange).await;
    let first = acme.post_with_key("/v1/orders", &day_bid(8, "1.0000"), "key-1").await;
    let again = acme.post_with_key("/v1/orders", &day_bid(8, "1.0000"), "key-1").await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(first.status, 201);
    assert_eq!(head(&exchange).await, before + 1, "one event");
    let orders = acme.get("/v1/orders").await.ok();
    assert_eq!(orders["data"].as_array().map(Vec::len), Some(1));

    let other = acme.post_with_key("/v1/orders", &day_bid(16, "1.0000"), "key-1").await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused"));
    assert_eq!(head(&exchange).await, before + 1);
    acme.post_with_key("/v1/orders", &day_bid(8, "1.0000"), "key-2").await.ok();
    assert_eq!(head(&exchange).await, before + 2, "another key is another request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_sent_many_times_at_once_places_one_order() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let before = head(&exchange).await;
    let place = || {
        let acme = exchange.client("acme", Role::Buyer);
        tokio::spawn(async move { acme.post_with_key("/v1/orders", &day_bid(8, "1.0000"), "once").await.ok() })
    };
    let sent: Vec<_> = std::iter::repeat_with(place).take(CONCURRENT).collect();
    let mut orders = Vec::new();
    for answer in sent {
        orders.push(answer.await.unwrap());
    }
    assert!(orders.iter().all(|order| order == any(&orders)), "{orders:?}");
    assert_eq!(head(&exchange).await, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_all_is_repeatable() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let acme = exchange.client("acme", Role::Buyer);
    // More than one step ends.
    let limit = json!({"open_orders_max": 1_000});
    exchange.operator().put("/v1/organizations/acme/order-limit", &limit).await.ok();
    for _ in 0..3 {
        acme.post("/v1/orders/batch", &json!({"orders": vec![day_bid(8, "0.0100"); 100]})).await.ok();
    }
    let cancel =
        async |path: &str| acme.send(acme.request(Method::DELETE, path).header("Idempotency-Key", "cancel-1")).await;
    let first = cancel("/v1/orders").await.ok();
    assert_eq!(first["data"].as_array().map(Vec::len), Some(300));
    let later = acme.post("/v1/orders", &day_bid(8, "0.0100")).await.ok();
    assert_eq!(cancel("/v1/orders").await.ok(), first, "and not the order that was placed since");
    let of_market = cancel(&format!("/v1/orders?market={MARKET}")).await;
    assert_eq!(of_market.problem(), (422, "idempotency_key_reused"));
    let without_key = acme.delete("/v1/orders").await.ok();
    assert_eq!(without_key["data"], json!([later["id"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_kept_under_its_key() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let operator = exchange.operator();
    operator.post("/v1/organizations", &json!({"id": "poor", "name": "poor"})).await.ok();
    let poor = exchange.client("poor", Role::Buyer);
    let refused = poor.post_with_key("/v1/orders", &day_bid(8, "1.0000"), "key-1").await;
    assert_eq!(refused.problem(), (422, "insufficient_funds"));
    deposit(&operator, "poor", "1000.00").await;
    let again = poor.post_with_key("/v1/orders", &day_bid(8, "1.0000"), "key-1").await;
    assert_eq!(again.problem(), (422, "insufficient_funds"));
    assert_eq!(again.body["detail"], refused.body["detail"]);
    poor.post_with_key("/v1/orders", &day_bid(8, "1.0000"), "key-2").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_one_organization_and_one_operation() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let (acme, beta) = (exchange.client("acme", Role::Buyer), exchange.client("beta", Role::Buyer));
    let ours = acme.post_with_key("/v1/orders", &day_bid(8, "1.0000"), "key").await.ok();
    let theirs = beta.post_with_key("/v1/orders", &day_bid(16, "0.9000"), "key").await.ok();
    assert_ne!(ours["id"], theirs["id"]);
    assert_eq!(theirs["gpus"], 16);

    let north = exchange.client("north", Role::Provider);
    let lot = list(&north, 16).await;
    let first = north.post_with_key("/v1/orders", &ask(&lot, 8, "1.2000"), "shared").await.ok();
    let lot = json!({"market": first["market"], "gpus": 8, "window": first["window"], "fabric": "hall-4"});
    let lot = north.post_with_key("/v1/lots", &lot, "shared").await.ok();
    assert_eq!(lot["fabric"], "hall-4");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_outlive_a_restart() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let acme = exchange.client("acme", Role::Buyer);
    let placed = acme.post_with_key("/v1/orders", &day_bid(8, "1.0000"), "placed").await.ok();
    let refused = acme.post_with_key("/v1/orders", &day_bid(8, "1.00001"), "refused").await;
    assert_eq!(refused.problem(), (422, "price_off_tick"));
    let before = head(&exchange).await;

    let database = exchange.stop().await;
    // Its broker is gone; trading goes on without.
    let relay = RelayConfig {
        brokers: "127.0.0.1:9".to_owned().into(),
        topic: TOPIC.to_owned(),
        transactional_id: "test-relay".to_owned(),
        brokers_are_volatile: true,
    };
    let exchange = TestExchange::start_on(database, relay).await;
    assert_eq!(head(&exchange).await, before);
    let acme = exchange.client("acme", Role::Buyer);
    let again = acme.post_with_key("/v1/orders", &day_bid(8, "1.0000"), "placed").await.ok();
    assert_eq!(again, placed);
    let again = acme.post_with_key("/v1/orders", &day_bid(8, "1.00001"), "refused").await;
    assert_eq!((again.problem(), &again.body["detail"]), ((422, "price_off_tick"), &refused.body["detail"]));
    let other = acme.post_with_key("/v1/orders", &day_bid(16, "1.0000"), "placed").await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused"));
    assert_eq!(head(&exchange).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_whose_day_is_over_are_deleted_a_part_at_a_time() {
    const OLD: i32 = 60_000;
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let acme = exchange.client("acme", Role::Buyer);
    let placed = acme.post_with_key("/v1/orders", &day_bid(8, "1.0000"), "placed").await.ok();
    let database = exchange.stop().await;
    let owner = database.owner().await;
    let old = "INSERT INTO idempotency_keys (digest, request_hash, created_at, first_sequence, last_sequence) \
               SELECT sha256(n::text::bytea), ''::bytea, (SELECT max(at) FROM events) - interval '26 hours', 1, 1 \
               FROM generate_series(1, $1) n";
    owner.execute(old, &[&OLD]).await.unwrap();
    let exchange = TestExchange::start_without_kafka(database).await;
    until("the old keys are gone", async || {
        let left = "SELECT count(*) FROM idempotency_keys WHERE request_hash = ''";
        (owner.query_one(left, &[]).await.unwrap().get::<_, i64>(0) == 0).then_some(())
    })
    .await;
    let acme = exchange.client("acme", Role::Buyer);
    let again = acme.post_with_key("/v1/orders", &day_bid(8, "1.0000"), "placed").await.ok();
    assert_eq!(again["id"], placed["id"], "those of today are there");
    let whose = "SELECT organization FROM idempotency_keys WHERE organization IS NOT NULL GROUP BY 1";
    assert!(owner.query(whose, &[]).await.unwrap().iter().any(|row| row.get::<_, &str>(0) == "acme"));
}
