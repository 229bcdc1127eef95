//! The operator's controls over HTTP: halts, price bands, kill switches, limits and undone trades.

use api::auth::Role;
use serde_json::{Value, json};
use tests::client::{MARKET, ask, supply};
use tests::exchange::TestExchange;
use tests::picking::{balance, contract_of, only, rules, text};

use crate::opening::{NEXT_DAY, START, admit, day_bid, list, trade};

#[tokio::test(flavor = "multi_thread")]
async fn a_halted_market_takes_orders_and_trades_them_when_it_resumes() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let (north, acme) = (exchange.client("north", Role::Provider), exchange.client("acme", Role::Buyer));
    let operator = exchange.operator();
    let lot = list(&north, 8).await;
    north.post("/v1/orders", &ask(&lot, 8, "1.0000")).await.ok();
    let halt = format!("/v1/markets/{MARKET}/halt");
    let halted = operator.post(&halt, &json!({"reason": "prices under review"})).await.ok();
    assert_eq!(halted["status"], "halted");
    assert_eq!(operator.post(&halt, &json!({"reason": "again"})).await.problem(), (409, "market_halted"));
    let waiting = acme.post("/v1/orders", &day_bid(8, "1.1000")).await.ok();
    assert_eq!((&waiting["status"], &waiting["unfilled"]["reason"]), (&json!("open"), &json!("closed")));
    let quote = acme.post("/v1/quotes", &day_bid(8, "1.1000")).await.ok();
    assert_eq!(quote["unfilled"]["reason"], "closed");
    let resumed = operator.post(&format!("/v1/markets/{MARKET}/resume"), &Value::Null).await.ok();
    assert_eq!(resumed["status"], "open");
    let filled = acme.get(&format!("/v1/orders/{}", text(&waiting["id"]))).await.ok();
    assert_eq!((&filled["status"], &filled["average_price"]), (&json!("filled"), &json!("1.0000")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_organization_has_no_orders_and_places_none() {
    let exchange = TestExchange::start().await;
    let opened = trade(&exchange).await;
    let (operator, acme) = (exchange.operator(), exchange.client("acme", Role::Buyer));
    let suspend = "/v1/organizations/acme/suspend";
    let suspended = operator.post(suspend, &json!({"reason": "keys lost"})).await.ok();
    assert_eq!((&suspended["status"], &suspended["open_orders"]), (&json!("suspended"), &json!(0)));
    let bid = acme.get(&format!("/v1/orders/{}", opened.bid)).await.ok();
    assert_eq!(bid["status"], "cancelled");
    assert_eq!(balance(&acme, "held").await, "0.00");
    assert_eq!(acme.post("/v1/orders", &day_bid(8, "1.0000")).await.problem(), (409, "organization_suspended"));
    operator.post("/v1/organizations/acme/reinstate", &Value::Null).await.ok();
    acme.post("/v1/orders", &day_bid(8, "1.0000")).await.ok();
    let unknown = operator.post("/v1/organizations/nobody/suspend", &json!({"reason": "x"})).await;
    assert_eq!(unknown.problem(), (404, "not_found"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_price_is_refused_where_the_market_has_a_band() {
    let exchange = TestExchange::start().await;
    trade(&exchange).await;
    let (operator, acme) = (exchange.operator(), exchange.client("acme", Role::Buyer));
    let band = format!("/v1/markets/{MARKET}/price-band");
    let set = operator.put(&band, &json!({"width_bps": 1000})).await.ok();
    assert_eq!((&set["price_band"]["width_bps"], &set["last_price"]), (&json!(1000), &json!("1.0500")));
    assert_eq!(acme.post("/v1/orders", &day_bid(8, "10.5000")).await.problem(), (422, "price_outside_band"));
    acme.post("/v1/orders", &day_bid(8, "0.1000")).await.ok();
    assert_eq!(operator.put(&band, &json!({"width_bps": 0})).await.problem(), (422, "market_invalid"));
    assert_eq!(operator.delete(&band).await.ok()["price_band"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_has_no_more_open_orders_than_its_limit() {
    let exchange = TestExchange::start().await;
    trade(&exchange).await;
    let (operator, acme) = (exchange.operator(), exchange.client("acme", Role::Buyer));
    acme.post("/v1/orders", &day_bid(8, "0.1000")).await.ok();
    let limit = "/v1/organizations/acme/order-limit";
    let limited = operator.put(limit, &json!({"open_orders_max": 3})).await.ok();
    assert_eq!((&limited["open_orders"], &limited["open_orders_max"]), (&json!(2), &json!(3)));
    acme.post("/v1/orders", &day_bid(8, "0.1000")).await.ok();
    assert_eq!(acme.post("/v1/orders", &day_bid(8, "0.1000")).await.problem(), (409, "too_many_open_orders"));
    assert_eq!(operator.put(limit, &json!({})).await.problem(), (422, "invalid_field"), "no limit must be said");
    let lifted = operator.put(limit, &json!({"open_orders_max": null})).await.ok();
    assert_eq!(lifted["open_orders_max"], 10_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trade_undone_refunds_the_buyer_and_frees_the_hours() {
    let exchange = TestExchange::start().await;
    let opened = trade(&exchange).await;
    let (operator, acme) = (exchange.operator(), exchange.client("acme", Role::Buyer));
    let bust = format!("/v1/contracts/{}/bust", opened.contract);
    let busted = operator.post(&bust, &json!({"reason": "price mistyped"})).await.ok();
    assert_eq!((&busted["status"], &busted["refund"]), (&json!("terminated"), &json!("202.608")));
    let contract = acme.get(&format!("/v1/contracts/{}", opened.contract)).await.ok();
    assert_eq!((&contract["status"], &contract["remaining"]), (&json!("terminated"), &json!("0.00")));
    assert_eq!(balance(&acme, "available").await, "99807.04", "all but what the open bid holds");
    let north = exchange.client("north", Role::Provider);
    let lot = north.get(&format!("/v1/lots/{}", opened.lot)).await.ok();
    assert_eq!(lot["free_gpus_min"], 16);
    let again = operator.post(&bust, &json!({"reason": "again"})).await;
    assert_eq!(again.problem(), (422, "contract_unknown"));
    let detail = "There is no such contract in progress: it has ended, was undone, or is not yours.";
    assert_eq!(again.body["detail"], detail, "as true of the operator as of who resells");
    let entries = format!("/v1/ledger/entries?contract={}", opened.contract);
    let entries = exchange.finance().get(&entries).await.ok();
    assert_eq!(rules(&entries).last().map(String::as_str), Some("term.busted.1"));
    let trades = format!("/v1/markets/{MARKET}/trades");
    for (of, whose) in [("/v1/trades", &north), (trades.as_str(), &acme)] {
        assert_eq!(only(&whose.get(of).await.ok()["data"])["busted"], true, "{of}");
    }
    assert_eq!(acme.get(&format!("/v1/markets/{MARKET}")).await.ok()["last_price"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ask_that_sold_out_is_open_again_when_its_trade_is_undone() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let (operator, acme) = (exchange.operator(), exchange.client("acme", Role::Buyer));
    let north = exchange.client("north", Role::Provider);
    let lot = north.post("/v1/lots", &supply(8, START, NEXT_DAY)).await.ok()["id"].clone();
    let ask = north.post("/v1/orders", &ask(&lot, 8, "1.2000")).await.ok();
    let path = format!("/v1/orders/{}", text(&ask["id"]));
    let bid = acme.post("/v1/orders", &day_bid(8, "1.2000")).await.ok();
    assert_eq!(north.get(&path).await.ok()["status"], "filled");
    let bust = format!("/v1/contracts/{}/bust", contract_of(&bid));
    operator.post(&bust, &json!({"reason": "mistyped"})).await.ok();
    let ask = north.get(&path).await.ok();
    assert_eq!((&ask["status"], &ask["filled_gpus"]), (&json!("open"), &json!(0)));
    assert_eq!(acme.post("/v1/orders", &day_bid(8, "1.2000")).await.ok()["status"], "filled");
}
