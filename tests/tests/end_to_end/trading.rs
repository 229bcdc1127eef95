//! From a listed lot to earned hours.

use api::auth::Role;
use serde_json::{Value, json};
use tests::client::{MARKET, TRIAL_BALANCE, ask, bid, market, supply, with};
use tests::exchange::TestExchange;
use tests::picking::{account, balance, contract_of, trade_of};

use crate::opening::{END, NEXT_DAY, START, THIRD_DAY, deposit};

/// A market, a provider with 16 GPUs on offer at 1.05 through January 2027, and a funded buyer.
pub(super) async fn opened(exchange: &TestExchange) -> Value {
    let operator = exchange.operator();
    operator.post("/v1/markets", &market(MARKET)).await.ok();
    for (id, funds) in [("north", None), ("acme", Some("100000.00")), ("beta", Some("100000.00"))] {
        operator.post("/v1/organizations", &json!({"id": id, "name": id})).await.ok();
        if let Some(amount) = funds {
            deposit(&operator, id, amount).await;
        }
    }
    let north = exchange.client("north", Role::Provider);
    let lot = with(supply(16, START, END), "min_remnant_hours", 0);
    let lot = north.post("/v1/lots", &lot).await.ok();
    assert_eq!((&lot["gpus"], &lot["free_gpus_min"]), (&json!(16), &json!(16)));
    north.post("/v1/orders", &ask(&lot["id"], 16, "1.0500")).await.ok();
    lot["id"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bid_becomes_a_contract_and_its_hours_are_earned() {
    let exchange = TestExchange::start().await;
    let lot = opened(&exchange).await;
    let acme = exchange.client("acme", Role::Buyer);
    let placed = acme.post("/v1/orders", &bid(8, "1.1000", NEXT_DAY, THIRD_DAY)).await.ok();
    assert_eq!(placed["status"], "filled");
    assert_eq!(placed["average_price"], "1.0500");
    assert_eq!(trade_of(&placed)["lot"], lot);
    let shown = acme.get(&format!("/v1/orders/{}", placed["id"].as_str().unwrap())).await.ok();
    assert_eq!(shown, placed, "the answer to POST is what GET shows");

    // 8 GPUs x 24 hours x 1.05 and 50 basis points on it.
    assert_eq!(balance(&acme, "available").await, "99797.392");
    assert_eq!(balance(&acme, "held").await, "0.00");
    let contract = format!("/v1/contracts/{}", contract_of(&placed));
    let before = acme.get(&contract).await.ok();
    assert_eq!((&before["status"], &before["total"]), (&json!("pending"), &json!("202.608")));

    exchange.move_clock_to("2037-01-02T12:00:00Z").await;
    let during = acme.get(&contract).await.ok();
    assert_eq!((&during["status"], &during["recognized"]), (&json!("active"), &json!("101.304")));
    exchange.move_clock_to(THIRD_DAY).await;
    let after = acme.get(&contract).await.ok();
    assert_eq!((&after["status"], &after["remaining"]), (&json!("completed"), &json!("0.00")));
    let north = exchange.client("north", Role::Provider);
    assert_eq!(balance(&north, "payable").await, "201.60");

    let finance = exchange.finance();
    let trial = finance.get(TRIAL_BALANCE).await.ok();
    assert_eq!(trial["total_debit"], trial["total_credit"]);
    assert_eq!(account(&trial, "4000-fee-revenue")["credit"], "1.008");

    let calendar = north.get(&format!("/v1/lots/{}/calendar", lot.as_str().unwrap())).await.ok();
    let free: Vec<_> = calendar["data"].as_array().unwrap().iter().map(|step| step["free_gpus"].clone()).collect();
    assert_eq!(free, [16, 8, 16]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_book_shows_a_lots_hours_once_however_many_asks_offer_them() {
    let exchange = TestExchange::start().await;
    let lot = opened(&exchange).await;
    let north = exchange.client("north", Role::Provider);
    north.post("/v1/orders", &ask(&lot, 8, "1.0000")).await.ok();
    north.post("/v1/orders", &ask(&lot, 16, "1.1000")).await.ok();
    let book = north.get(&format!("/v1/markets/{MARKET}/book?start={NEXT_DAY}&end={THIRD_DAY}")).await.ok();
    let level = |price: &str| json!({"price": price, "gpus": 8, "orders": 1});
    assert_eq!(book["asks"], json!([level("1.0000"), level("1.0500")]), "sixteen GPUs in all, the best prices first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_year_does_not_end_the_exchange() {
    let exchange = TestExchange::start().await;
    let refused = exchange.operator().post("/v1/clock", &json!({"now": "9999-01-01T00:00:00Z"})).await;
    assert_eq!(refused.problem(), (422, "time_too_far"));
    opened(&exchange).await;
}
