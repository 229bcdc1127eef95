//! The machine's clock is set wrong, by hand or by a mistake of NTP.

use api::auth::Role;
use infra::TimeSource;
use ledger::Instant;
use matching::{CloseReason, Event};
use serde_json::json;
use tests::client::{bid, market, with};
use tests::condition::until;
use tests::exchange::TestExchange;
use tests::machine_clock::MachineClock;
use tests::picking::only;
use tests::postgres::TestDatabase;

use crate::opening::{NEXT_DAY, THIRD_DAY, deposit};
use crate::trading::opened;

const HOUR: i64 = 3_600_000_000;
/// A market in which an order goes ahead.
const SECOND: &str = "a10-24g-pcie-eth.us-tx-9";
/// A market in which an order ends.
const THIRD: &str = "a10-24g-pcie-eth.us-tx-8";

/// An exchange with supply and money at noon. Deposits by hand are for simulated clocks: the books are filled under
/// one.
async fn filled() -> TestExchange {
    let filled = TestExchange::start_without_kafka(TestDatabase::create().await).await;
    filled.move_clock_to("2037-01-01T11:59:00Z").await;
    opened(&filled).await;
    filled
}

/// Before, the order waited until all of them had ended: what was due waited for these, and every command for what was due.
#[tokio::test(flavor = "multi_thread")]
async fn orders_go_ahead_of_work_though_something_falls_due() {
    const ORDERS: usize = 6_000;
    let machine = MachineClock::at("2037-01-01T12:00:00Z");
    let filled = filled().await;
    filled.operator().post("/v1/markets", &market(SECOND)).await.ok();
    filled.operator().put("/v1/organizations/acme/order-limit", &json!({"open_orders_max": ORDERS + 1})).await.ok();
    let acme = filled.client("acme", Role::Buyer);
    let (hour, hour_after) = (NEXT_DAY, "2037-01-02T01:00:00Z");
    let resting = bid(8, "0.0001", hour, hour_after);
    for _ in 0..ORDERS / 100 {
        acme.post("/v1/orders/batch", &json!({"orders": vec![resting.clone(); 100]})).await.ok();
    }
    deposit(&filled.operator(), "beta", "1000.00").await;
    let elsewhere = with(bid(8, "0.0100", hour, hour_after), "market", SECOND);
    filled.operator().post("/v1/markets", &market(THIRD)).await.ok();
    let there = with(elsewhere.clone(), "market", THIRD);
    let expiring = with(with(there.clone(), "time_in_force", "GTD"), "expires_at", "2037-01-01T12:10:00Z");
    filled.client("beta", Role::Buyer).post("/v1/orders", &expiring).await.ok();

    let exchange = TestExchange::start_with_clock(filled.stop().await, machine.clock()).await;
    let (acme, beta) = (exchange.client("acme", Role::Buyer), exchange.client("beta", Role::Buyer));
    let head = exchange.node.log.head();
    let cancelled = async { acme.delete("/v1/orders").await.ok()["data"].as_array().map(Vec::len) };
    let others = async {
        until("orders are ending", async || (exchange.node.log.head() > head).then_some(())).await;
        machine.set_by(HOUR / 4);
        // Where something has ended meanwhile, an order comes after it.
        tokio::join!(async { beta.post("/v1/orders", &there).await.ok() }, async {
            beta.post("/v1/orders", &elsewhere).await.ok()
        })
        .1
    };
    let (cancelled, placed) = tokio::join!(cancelled, others);
    assert_eq!(cancelled, Some(ORDERS));
    let story = until("the other order expires", async || {
        let events = exchange.node.log.range(head + 1, exchange.node.log.head()).await.expect("the log");
        let told = events.iter().filter_map(|row| match &row.record.event {
            Event::OrderPlaced(_) => Some("placed"),
            Event::OrdersEnded(_) => Some("all ended"),
            Event::OrderClosed(e) if e.reason == CloseReason::Expired => Some("expired"),
            _ => None,
        });
        let told: Vec<_> = told.collect();
        (told.len() == 4).then_some(told)
    })
    .await;
    assert_eq!(story, ["placed", "all ended", "expired", "placed"], "{placed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_delivered_or_billed_by_a_clock_that_jumps() {
    let machine = MachineClock::at("2037-01-01T12:00:00Z");
    let filled = filled().await;
    let acme = filled.client("acme", Role::Buyer);
    acme.post("/v1/orders", &bid(8, "1.1000", NEXT_DAY, THIRD_DAY)).await.ok();
    let exchange = TestExchange::start_with_clock(filled.stop().await, machine.clock()).await;
    let acme = exchange.client("acme", Role::Buyer);
    let order = bid(8, "1.1000", "2037-01-05T00:00:00Z", "2037-01-06T00:00:00Z");
    assert_eq!(exchange.anonymous().get("/readyz").await.ok()["clock"], "followed");

    // NTP says that the contract is over.
    machine.set_by(72 * HOUR);
    let ready = exchange.anonymous().get("/readyz").await;
    assert_eq!((ready.status.as_u16(), &ready.body["clock"]), (503, &json!("held")));
    assert_eq!(acme.post("/v1/orders", &order).await.problem(), (503, "clock_held"));
    let contract = only(&acme.get("/v1/contracts").await.ok()["data"]).clone();
    assert_eq!((&contract["status"], &contract["recognized"]), (&json!("pending"), &json!("0.00")));

    // An operator finds it out and sets the clock right. That it is right again is for the operator to say.
    machine.set_by(-72 * HOUR);
    assert_eq!(acme.post("/v1/orders", &order).await.problem(), (503, "clock_held"));
    let operator = exchange.operator();
    let wrong = operator.post("/v1/clock/confirm", &json!({"now": "2037-01-04T12:00:00Z"})).await;
    assert_eq!(wrong.problem(), (422, "clock_differs"));
    assert_eq!(acme.post("/v1/clock/confirm", &json!({"now": "2037-01-01T12:00:30Z"})).await.problem().0, 403);
    let confirmed = operator.post("/v1/clock/confirm", &json!({"now": machine.wall().to_string()})).await;
    assert_eq!(confirmed.status, 204, "{}", confirmed.body);
    until("orders are taken again", async || (exchange.anonymous().get("/readyz").await.status == 200).then_some(()))
        .await;
    assert_eq!(acme.post("/v1/orders", &order).await.ok()["status"], "filled");
    let again = operator.post("/v1/clock/confirm", &json!({"now": machine.wall().to_string()})).await;
    assert_eq!(again.problem(), (409, "clock_not_held"));
    let contracts = acme.get("/v1/contracts").await.ok();
    assert!(
        contracts["data"].as_array().unwrap().iter().all(|contract| contract["status"] == "pending"),
        "{contracts}"
    );
    assert!(exchange.node.view.read().now() < "2037-01-01T13:00:00Z".parse::<Instant>().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_confirmed_after_all_makes_what_is_due_happen() {
    let filled = filled().await;
    let acme = filled.client("acme", Role::Buyer);
    acme.post("/v1/orders", &bid(8, "1.1000", NEXT_DAY, THIRD_DAY)).await.ok();
    // The machine is on again after forty days, and its clock is right.
    let machine = MachineClock::at("2037-02-10T12:00:00Z");
    let exchange = TestExchange::start_with_clock(filled.stop().await, machine.clock()).await;
    let acme = exchange.client("acme", Role::Buyer);
    let ready = exchange.anonymous().get("/readyz").await;
    assert_eq!((ready.status.as_u16(), &ready.body["clock"]), (503, &json!("held")));
    assert_eq!(only(&acme.get("/v1/contracts").await.ok()["data"])["status"], "pending");
    let confirm = json!({"now": machine.wall().to_string()});
    assert_eq!(exchange.operator().post("/v1/clock/confirm", &confirm).await.status, 204);
    until("the contract is delivered", async || {
        (only(&acme.get("/v1/contracts").await.ok()["data"])["status"] == "completed").then_some(())
    })
    .await;
}
