//! The options of orders for a term, over HTTP: that each reaches the exchange and shows in the answers. What they mean hour by hour
//! is held by the scenarios of the matching crate.

use api::auth::Role;
use serde_json::{Value, json};
use tests::client::{ApiClient, MARKET, ask, market, resale, supply, with, without};
use tests::exchange::TestExchange;
use tests::picking::{List, balance, contract_of, only, text};

use crate::opening::{END, NEXT_DAY, START, THIRD_DAY, admit, day_bid, list};

async fn clients(exchange: &TestExchange) -> (ApiClient, ApiClient, ApiClient) {
    admit(exchange).await;
    let client = |organization, role| exchange.client(organization, role);
    (client("north", Role::Provider), client("south", Role::Provider), client("acme", Role::Buyer))
}

fn order_path(order: &Value) -> String {
    format!("/v1/orders/{}", text(&order["id"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flexible_bid_takes_the_start_that_fills_it() {
    let exchange = TestExchange::start().await;
    let (north, _, acme) = clients(&exchange).await;
    let lot = list(&north, 8).await;
    let late = json!({"start": THIRD_DAY, "end": END});
    north.post("/v1/orders", &with(ask(&lot, 8, "1.0000"), "window", late)).await.ok();
    let flexible = json!({"earliest": START, "latest": "2037-01-10T00:00:00Z", "hours": 504});
    let placed = acme.post("/v1/orders", &with(day_bid(8, "1.0500"), "window", flexible.clone())).await.ok();
    assert_eq!(placed["status"], "filled");
    assert_eq!(placed["window"], json!({"start": THIRD_DAY, "end": "2037-01-24T00:00:00Z"}));
    assert_eq!(acme.get(&order_path(&placed)).await.ok(), placed);
    let waiting = acme.post("/v1/orders", &with(day_bid(8, "1.0500"), "window", flexible.clone())).await.ok();
    assert_eq!((&waiting["status"], &waiting["window"]), (&json!("open"), &flexible));
    assert_eq!(acme.get(&order_path(&waiting)).await.ok(), waiting);
}

/// Eight GPUs of north's at 1.05 and eight of south's at 1.00; acme, who may buy them.
async fn offered_by_two(exchange: &TestExchange) -> ApiClient {
    let (north, south, acme) = clients(exchange).await;
    for (provider, price) in [(&north, "1.0500"), (&south, "1.0000")] {
        let lot = list(provider, 8).await;
        provider.post("/v1/orders", &ask(&lot, 8, price)).await.ok();
    }
    acme
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_answers_with_an_order_that_fills_at_its_price() {
    let exchange = TestExchange::start().await;
    let acme = offered_by_two(&exchange).await;
    let asked = without(day_bid(16, "1.0000"), "limit_price");
    let quote = acme.post("/v1/quotes", &asked).await.ok();
    assert_eq!((&quote["fillable"], &quote["average_price"]), (&json!(true), &json!("1.0250")));
    // 8 x 24 x (1.00 + 1.05), and 50 basis points on it.
    assert_eq!((&quote["total"], &quote["fees"]), (&json!("395.568"), &json!("1.968")));
    let placed = acme.post("/v1/orders", &quote["order"]).await.ok();
    assert_eq!((&placed["status"], &placed["average_price"]), (&json!("filled"), &json!("1.0250")));
    assert_eq!(balance(&acme, "available").await, "99604.432");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_says_why_an_order_would_not_fill() {
    let exchange = TestExchange::start().await;
    let acme = offered_by_two(&exchange).await;
    let asked = without(day_bid(16, "1.0000"), "limit_price");
    acme.post("/v1/orders", &day_bid(16, "1.0500")).await.ok();
    let none_left = acme.post("/v1/quotes", &asked).await.ok();
    assert_eq!(none_left["fillable"], false);
    assert_eq!(none_left["unfilled"]["reason"], "hours");
    assert_eq!(none_left["unfilled"]["would_fill"]["window"]["start"], NEXT_DAY);
    let fabric =
        with(with(day_bid(16, "1.0500"), "placement", "one_fabric"), "window", json!({"start": NEXT_DAY, "end": END}));
    let one_lot = acme.post("/v1/quotes", &fabric).await.ok();
    assert_eq!(one_lot["unfilled"]["reason"], "fabric");
    let refused = acme.post("/v1/quotes", &with(day_bid(8, "1.0000"), "gpus", 9)).await;
    assert_eq!(refused.problem(), (422, "quantity_invalid"));
}

/// Sixteen GPUs of north's at 1.00; acme, who may buy them.
async fn offered_at_one(exchange: &TestExchange) -> ApiClient {
    let (north, _, acme) = clients(exchange).await;
    let lot = list(&north, 16).await;
    north.post("/v1/orders", &ask(&lot, 16, "1.0000")).await.ok();
    acme
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_goes_by_the_options_of_the_order() {
    let exchange = TestExchange::start().await;
    let acme = offered_at_one(&exchange).await;
    let asked = without(day_bid(8, "1.0000"), "limit_price");
    let post_only = acme.post("/v1/quotes", &with(asked.clone(), "post_only", true)).await.ok();
    assert_eq!((&post_only["fillable"], &post_only["unfilled"]["reason"]), (&json!(false), &json!("post_only")));
    let resting = acme.post("/v1/quotes", &with(day_bid(8, "0.9000"), "post_only", true)).await.ok();
    assert_eq!(resting["unfilled"]["reason"], "price");
    for (field, value, code) in
        [("time_in_force", json!("GTD"), "expiry_invalid"), ("expires_at", json!(START), "expiry_invalid")]
    {
        let wrong = with(day_bid(8, "1.0000"), field, value);
        assert_eq!(acme.post("/v1/orders", &wrong).await.problem(), (422, code), "{wrong}");
        assert_eq!(acme.post("/v1/quotes", &wrong).await.problem(), (422, code), "{wrong}");
    }
    let past = with(with(asked.clone(), "time_in_force", "GTD"), "expires_at", "2020-01-01T00:00:00Z");
    assert_eq!(acme.post("/v1/quotes", &past).await.problem(), (422, "expiry_invalid"));
    let kept = with(with(asked.clone(), "time_in_force", "GTD"), "expires_at", START);
    let kept = acme.post("/v1/quotes", &kept).await.ok();
    assert_eq!((&kept["order"]["time_in_force"], &kept["blocked_by"]), (&json!("GTD"), &Value::Null));
}

/// What blocks the quoted order is what it is refused with.
#[tokio::test(flavor = "multi_thread")]
async fn a_quote_never_answers_with_an_order_that_is_refused_unless_it_says_so() {
    let exchange = TestExchange::start().await;
    let acme = offered_at_one(&exchange).await;
    let (operator, poor) = (exchange.operator(), exchange.client("south", Role::Buyer));
    let asked = without(day_bid(8, "1.0000"), "limit_price");
    let is_blocked = async |client: &ApiClient, code: &str| {
        let quote = client.post("/v1/quotes", &asked).await.ok();
        assert_eq!((&quote["fillable"], &quote["blocked_by"]["code"]), (&json!(true), &json!(code)), "{quote}");
        let refused = client.post("/v1/orders", &quote["order"]).await;
        assert_eq!(refused.problem().1, code);
        assert_eq!(refused.body["detail"], quote["blocked_by"]["detail"]);
    };
    is_blocked(&poor, "insufficient_funds").await;
    acme.put("/v1/account/budgets/USD", &json!({"monthly": "10.00"})).await.ok();
    is_blocked(&acme, "budget_exceeded").await;
    acme.delete("/v1/account/budgets/USD").await.ok();
    let band = format!("/v1/markets/{MARKET}/price-band");
    operator.put(&band, &json!({"width_bps": 1000, "reference": "0.5000"})).await.ok();
    is_blocked(&acme, "price_outside_band").await;
    operator.delete(&band).await.ok();
    let limit = "/v1/organizations/acme/order-limit";
    operator.put(limit, &json!({"open_orders_max": 0})).await.ok();
    is_blocked(&acme, "too_many_open_orders").await;
    operator.put(limit, &json!({"open_orders_max": null})).await.ok();
    operator.post("/v1/organizations/acme/suspend", &json!({"reason": "keys lost"})).await.ok();
    is_blocked(&acme, "organization_suspended").await;
    operator.post("/v1/organizations/acme/reinstate", &Value::Null).await.ok();

    let free = acme.post("/v1/quotes", &asked).await.ok();
    assert!(free.get("blocked_by").is_none(), "{free}");
    assert_eq!(acme.post("/v1/orders", &free["order"]).await.ok()["status"], "filled");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amended_order_keeps_or_loses_its_place() {
    let exchange = TestExchange::start().await;
    let (north, _, acme) = clients(&exchange).await;
    let lot = list(&north, 16).await;
    let bid = acme.post("/v1/orders", &day_bid(16, "1.0000")).await.ok();
    let fewer = acme.patch(&order_path(&bid), &json!({"gpus": 8})).await.ok();
    assert_eq!((&fewer["gpus"], &fewer["remaining_gpus"]), (&json!(8), &json!(8)));
    assert_eq!(balance(&acme, "held").await, "192.96", "what fewer GPUs do not need is free again");
    assert_eq!(fewer["unfilled"]["reason"], "quantity");
    north.post("/v1/orders", &ask(&lot, 16, "1.0500")).await.ok();
    let raised = acme.patch(&order_path(&bid), &json!({"limit_price": "1.0500"})).await.ok();
    assert_eq!((&raised["status"], &raised["average_price"]), (&json!("filled"), &json!("1.0500")));
    let listed = acme.get("/v1/orders?status=filled").await.ok();
    for shown in [&raised, &acme.get(&order_path(&bid)).await.ok(), only(&listed["data"])] {
        assert_eq!(
            (&shown["id"], &shown["unfilled"]),
            (&bid["id"], &Value::Null),
            "what is filled has no reason not to"
        );
    }
    let again = acme.patch(&order_path(&bid), &json!({"gpus": 8})).await;
    assert_eq!(again.problem(), (409, "order_not_open"));
    let theirs = exchange.client("beta", Role::Buyer).patch(&order_path(&bid), &json!({"gpus": 8})).await;
    assert_eq!(theirs.problem(), (404, "not_found"));
    let nothing = north.post("/v1/orders", &ask(&lot, 8, "1.2000")).await.ok();
    assert_eq!(north.patch(&order_path(&nothing), &json!({})).await.problem(), (422, "nothing_to_amend"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_answers_for_each_order_and_repeats_none() {
    let exchange = TestExchange::start().await;
    let (_, _, acme) = clients(&exchange).await;
    let batch = json!({"orders": [day_bid(8, "1.0000"), day_bid(9, "1.0000"), {"side": "buy"}, day_bid(16, "0.9000")]});
    let first = acme.post_with_key("/v1/orders/batch", &batch, "batch-1").await.ok();
    let [dear, odd, incomplete, cheap] = first["data"].items() else { panic!("{first}") };
    assert_eq!([dear, odd, incomplete, cheap].map(|item| item["status"].clone()), [201, 422, 422, 201]);
    assert_eq!(odd["problem"]["code"], "quantity_invalid");
    assert_eq!(incomplete["problem"]["code"], "invalid_field");
    let again = acme.post_with_key("/v1/orders/batch", &batch, "batch-1").await.ok();
    let [dear_again, _, _, cheap_again] = again["data"].items() else { panic!("{again}") };
    for (repeated, placed) in [(dear_again, dear), (cheap_again, cheap)] {
        assert_eq!(repeated["order"]["id"], placed["order"]["id"]);
    }
    let open = acme.get("/v1/orders?status=open").await.ok();
    assert_eq!(open["data"].as_array().unwrap().len(), 2);
    let cancelled = acme.delete(&format!("/v1/orders?market={MARKET}")).await.ok();
    assert_eq!(cancelled["data"].as_array().unwrap().len(), 2);
    assert_eq!(balance(&acme, "held").await, "0.00");
    let empty = acme.post("/v1/orders/batch", &json!({"orders": []})).await;
    assert_eq!(empty.problem(), (422, "invalid_field"));
}

/// A market in a zone of its own.
const GREEN: &str = "a100-80g-sxm4-ib.eu-no-1";

fn green_attributes() -> Value {
    json!({"region": "eu", "renewable_share": "0.98", "grid": "nordic", "round_trip_ms": {"oslo": 4}})
}

/// Eight GPUs at 1.05, and eight at 1.00 in the green market; acme, who may buy them.
async fn offered_in_two_markets(exchange: &TestExchange) -> ApiClient {
    let (north, south, acme) = clients(exchange).await;
    exchange.operator().post("/v1/markets", &with(market(GREEN), "zone_attributes", green_attributes())).await.ok();
    let lot = list(&north, 8).await;
    north.post("/v1/orders", &ask(&lot, 8, "1.0500")).await.ok();
    let lot = with(with(supply(8, START, END), "market", GREEN), "fabric", "hall-1");
    let lot = south.post("/v1/lots", &lot).await.ok();
    south.post("/v1/orders", &ask(&lot["id"], 8, "1.0000")).await.ok();
    acme
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_shows_what_its_zone_is_like() {
    let exchange = TestExchange::start().await;
    let acme = offered_in_two_markets(&exchange).await;
    let shown = acme.get(&format!("/v1/markets/{GREEN}")).await.ok();
    assert_eq!((&shown["zone_attributes"], &shown["status"]), (&green_attributes(), &json!("open")));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bid_reaches_several_markets_the_cheapest_first() {
    let exchange = TestExchange::start().await;
    let acme = offered_in_two_markets(&exchange).await;
    let bid = without(day_bid(16, "1.1000"), "market");
    let everywhere = acme.post("/v1/orders", &with(bid, "markets", json!([MARKET, GREEN]))).await.ok();
    assert_eq!((&everywhere["status"], &everywhere["average_price"]), (&json!("filled"), &json!("1.0250")));
    assert_eq!((&everywhere["market"], &everywhere["markets"]), (&json!(MARKET), &json!([MARKET, GREEN])));
    let bought = everywhere["trades"].as_array().unwrap().iter().map(|trade| (&trade["market"], &trade["price"]));
    assert_eq!(
        bought.collect::<Vec<_>>(),
        [(&json!(GREEN), &json!("1.0000")), (&json!(MARKET), &json!("1.0500"))],
        "each trade says where it bought"
    );
    assert_eq!(acme.get(&order_path(&everywhere)).await.ok(), everywhere);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_chooses_markets_by_what_their_zones_are_like() {
    let exchange = TestExchange::start().await;
    let acme = offered_in_two_markets(&exchange).await;
    let filter = json!({"classes": ["a100-80g-sxm4-ib"], "zone": {"region": "eu", "renewable_share_min": "0.9"}});
    let later = json!({"start": NEXT_DAY, "end": END});
    let bid = with(with(without(day_bid(8, "1.1000"), "market"), "filter", filter), "window", later);
    let filtered = acme.post("/v1/orders", &bid).await.ok();
    assert_eq!((&filtered["status"], &filtered["market"]), (&json!("filled"), &json!(GREEN)));
}

/// A lot of 32 GPUs, and the contract over 16 of them for all of its hours.
async fn half_sold(north: &ApiClient, acme: &ApiClient) -> (Value, String) {
    let lot = list(north, 32).await;
    north.post("/v1/orders", &ask(&lot, 32, "1.0000")).await.ok();
    let whole = json!({"start": START, "end": END});
    let bought = acme.post("/v1/orders", &with(day_bid(16, "1.0000"), "window", whole)).await.ok();
    (lot, contract_of(&bought))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_can_be_resold_in_part() {
    let exchange = TestExchange::start().await;
    let (north, _, acme) = clients(&exchange).await;
    let beta = exchange.client("beta", Role::Buyer);
    let (lot, head) = half_sold(&north, &acme).await;
    let offered = acme.post("/v1/orders", &resale(&head, 8, "0.9000")).await.ok();
    assert_eq!((&offered["contract"], &offered["lot"]), (&json!(head), &lot));
    let sub = beta.post("/v1/orders", &day_bid(8, "1.0000")).await.ok();
    assert_eq!(sub["average_price"], "0.9000", "cheaper than the provider's own");
    let contract = format!("/v1/contracts/{}", contract_of(&sub));
    let seen_by_buyer = beta.get(&contract).await.ok();
    assert_eq!((&seen_by_buyer["seller"], &seen_by_buyer["head"]), (&json!("acme"), &Value::Null));
    assert_eq!(acme.get(&contract).await.ok()["head"], json!(head));
    assert_eq!(beta.post("/v1/orders", &resale(&head, 8, "0.9000")).await.problem(), (422, "contract_unknown"));
    // Delivered, acme pays north and is paid by beta.
    exchange.move_clock_to(NEXT_DAY).await;
    assert_eq!(balance(&acme, "payable").await, "172.80");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_a_lot_can_be_withdrawn() {
    let exchange = TestExchange::start().await;
    let (north, _, acme) = clients(&exchange).await;
    let beta = exchange.client("beta", Role::Buyer);
    let (lot, _) = half_sold(&north, &acme).await;
    let lot_path = format!("/v1/lots/{}", text(&lot));
    let withdrawn = north.delete(&lot_path).await.ok();
    assert_eq!((&withdrawn["status"], &withdrawn["free_gpus_min"]), (&json!("withdrawn"), &json!(0)));
    assert_eq!(north.delete(&lot_path).await.problem(), (409, "lot_withdrawn"));
    let calendar = north.get(&format!("{lot_path}/calendar")).await.ok();
    let steps: Vec<_> = calendar["data"].as_array().unwrap().iter().collect();
    assert!(steps.iter().all(|step| step["free_gpus"] == 0 && step["sold_term"] == 16), "{steps:?}");
    let unfilled = beta.post("/v1/orders", &day_bid(16, "2.0000")).await.ok();
    assert_eq!(unfilled["status"], "open", "what is withdrawn is not sold");
}

#[tokio::test(flavor = "multi_thread")]
async fn own_orders_are_never_traded_with() {
    let exchange = TestExchange::start().await;
    let (north, _, acme) = clients(&exchange).await;
    let lot = list(&north, 16).await;
    north.post("/v1/orders", &ask(&lot, 16, "1.0000")).await.ok();
    let whole = json!({"start": START, "end": END});
    let bought = acme.post("/v1/orders", &with(day_bid(16, "1.0000"), "window", whole)).await.ok();
    let head = contract_of(&bought);
    let resold = acme.post("/v1/orders", &resale(&head, 16, "1.0000")).await.ok();
    let newest = acme.post("/v1/orders", &day_bid(8, "1.0000")).await.ok();
    assert_eq!((&newest["status"], &newest["unfilled"]["reason"]), (&json!("cancelled"), &json!("self_trade")));
    let oldest = with(day_bid(8, "1.0000"), "self_trade_prevention", "cancel_oldest");
    let oldest = acme.post("/v1/orders", &oldest).await.ok();
    assert_eq!((&oldest["status"], &oldest["self_trade_prevention"]), (&json!("open"), &json!("cancel_oldest")));
    assert_eq!(acme.get(&order_path(&resold)).await.ok()["status"], "cancelled");
}
