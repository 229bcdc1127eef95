//! The read models can be thrown away and computed again, and survive the loss of their connection.

use api::auth::Role;
use serde_json::json;
use tests::client::{ApiClient, bid};
use tests::condition::{PATIENCE, until};
use tests::exchange::TestExchange;
use tests::postgres::TestDatabase;
use tokio_postgres::Client;

use crate::opening::NEXT_DAY;
use crate::trading::opened;

/// Everything that is in the read models.
async fn read_models(owner: &Client) -> String {
    let each = ["projection_position", "lots", "orders", "trades", "contracts", "outages", "organization_events"]
        .map(|table| format!("SELECT '{table} ' || row_to_json(t)::text AS content FROM {table} t"));
    let all = format!("SELECT string_agg(content, E'\\n' ORDER BY content) FROM ({}) t", each.join(" UNION ALL "));
    owner.query_one(&all, &[]).await.expect("the read models can be read").get(0)
}

async fn empty(owner: &Client) {
    let empty = "BEGIN; DELETE FROM lots; DELETE FROM orders; DELETE FROM trades; DELETE FROM contracts; \
                 DELETE FROM outages; DELETE FROM organization_events; UPDATE projection_position SET sequence = 0, own_events_sequence = 0; \
                 COMMIT";
    owner.batch_execute(empty).await.expect("the owner may");
}

async fn projected(exchange: &TestExchange) {
    let head = exchange.node.log.head();
    assert!(exchange.node.read_models.reached(head, PATIENCE).await, "the read models reach {head}");
}

/// A day of trading: filled, partly filled, resting, cancelled and expired orders, and hours delivered.
async fn traded() -> (TestExchange, ApiClient) {
    let exchange = TestExchange::start_without_kafka(TestDatabase::create().await).await;
    opened(&exchange).await;
    let acme = exchange.client("acme", Role::Buyer);
    let (start, end) = (NEXT_DAY, "2037-01-04T00:00:00Z");
    for (gpus, price) in [(8, "1.1000"), (16, "1.2000"), (8, "0.9000")] {
        let placed = acme.post("/v1/orders", &bid(gpus, price, start, end)).await.ok();
        if placed["status"] == "partially_filled" {
            // What was bought before stays bought, be it read one by one or all at once.
            let path = format!("/v1/orders/{}", placed["id"].as_str().expect("an id"));
            let amended = acme.patch(&path, &json!({"gpus": 24})).await.ok();
            assert_eq!(amended["filled_gpus"], placed["filled_gpus"]);
        }
    }
    let unwanted = acme.post("/v1/orders", &bid(8, "0.8000", start, end)).await.ok();
    acme.delete(&format!("/v1/orders/{}", unwanted["id"].as_str().expect("an id"))).await.ok();
    exchange.move_clock_to("2037-01-03T02:00:00Z").await;
    projected(&exchange).await;
    (exchange, acme)
}

#[tokio::test(flavor = "multi_thread")]
async fn emptied_read_models_are_computed_again_after_a_restart() {
    let (exchange, _) = traded().await;
    let database = exchange.stop().await;
    let owner = database.owner().await;
    let before = read_models(&owner).await;
    for status in ["filled", "partially_filled", "cancelled", "expired"] {
        assert!(before.contains(&format!(r#""status":"{status}""#)), "the day had an order that was {status}");
    }
    empty(&owner).await;
    let again = TestExchange::start_without_kafka(database).await;
    projected(&again).await;
    assert_eq!(read_models(&owner).await, before);
}

/// The index of own events came later than the other tables, and may be behind them or before them.
#[tokio::test(flavor = "multi_thread")]
async fn the_index_of_own_events_and_the_other_tables_catch_up_with_each_other() {
    let (mut exchange, _) = traded().await;
    let owner = exchange.database.owner().await;
    let before = read_models(&owner).await;
    for lost in [
        "DELETE FROM organization_events; UPDATE projection_position SET own_events_sequence = 0",
        "DELETE FROM organization_events WHERE sequence > 5; UPDATE projection_position SET own_events_sequence = 5",
        "DELETE FROM lots; DELETE FROM orders; DELETE FROM trades; DELETE FROM contracts; \
         UPDATE projection_position SET sequence = 0",
    ] {
        let database = exchange.stop().await;
        owner.batch_execute(&format!("BEGIN; {lost}; COMMIT")).await.unwrap();
        exchange = TestExchange::start_without_kafka(database).await;
        projected(&exchange).await;
        assert_eq!(read_models(&owner).await, before, "{lost}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn read_models_that_are_emptied_at_work_are_computed_again() {
    let (exchange, acme) = traded().await;
    let owner = exchange.database.owner().await;
    let order = bid(8, "0.7000", "2037-01-20T00:00:00Z", "2037-01-21T00:00:00Z");
    acme.post("/v1/orders", &order).await.ok();
    projected(&exchange).await;
    let before = read_models(&owner).await;
    empty(&owner).await;
    // The projector looks when there is something new.
    let placed = acme.post("/v1/orders", &order).await.ok();
    let head = i64::try_from(exchange.node.log.head()).unwrap();
    until("the read models are complete", async || {
        let row = owner.query_one("SELECT sequence FROM projection_position", &[]).await.unwrap();
        (row.get::<_, i64>(0) == head).then_some(())
    })
    .await;
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    let after = read_models(&owner).await;
    let new: Vec<_> = lines(&after).difference(&lines(&before)).cloned().collect();
    assert_eq!(new.len(), 3, "the new order, its event and the position are new: {new:?}");
    assert!(new.iter().any(|line| line.contains(placed["id"].as_str().unwrap())));
    assert_eq!(lines(&before).difference(&lines(&after)).count(), 1, "only the old position is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_in_the_middle_of_a_step_loses_and_repeats_nothing() {
    let (exchange, acme) = traded().await;
    let owner = exchange.database.owner().await;
    let before = read_models(&owner).await;
    // The trade will change the ask, after the position and the new rows are written.
    let blocker = exchange.database.owner().await;
    blocker.batch_execute("BEGIN; SELECT FROM orders WHERE side = 'sell' FOR UPDATE").await.unwrap();
    let filled = acme.post("/v1/orders", &bid(8, "1.1000", "2037-01-20T00:00:00Z", "2037-01-21T00:00:00Z")).await.ok();
    assert_eq!(filled["status"], "filled");
    let waiting = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let projector: i32 =
        until("the projector waits", async || owner.query_opt(waiting, &[]).await.unwrap().map(|row| row.get(0))).await;
    owner.query_one("SELECT pg_terminate_backend($1, 60000)", &[&projector]).await.unwrap();
    assert_eq!(read_models(&owner).await, before, "the step has left nothing behind");
    blocker.batch_execute("ROLLBACK").await.unwrap();
    projected(&exchange).await;

    let caught_up = read_models(&owner).await;
    assert_ne!(caught_up, before);
    empty(&owner).await;
    let again = TestExchange::start_without_kafka(exchange.stop().await).await;
    projected(&again).await;
    assert_eq!(read_models(&owner).await, caught_up);
}
