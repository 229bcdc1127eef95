//! Spot over HTTP: standing orders, auctions at the gate, interruptions, what is left over, the index, and the money.

use api::auth::Role;
use serde_json::{Value, json};
use tests::client::{ApiClient, MARKET, TRIAL_BALANCE, spot_ask, spot_bid, with};
use tests::exchange::TestExchange;
use tests::picking::{List, one_whose, only, text, trade_of};

use crate::opening::{START, admit, list};

async fn money(client: &ApiClient) -> (String, String, String) {
    let balances = client.get("/v1/account/balances").await.ok();
    let of = |part: &str| text(&one_whose(&balances["data"], "currency", "USD")[part]);
    (of("available"), of("held"), of("payable"))
}

/// An exchange in the first hour of 2037, of which acme has bought the last half: its bid and north's ask stand.
struct Standing {
    exchange: TestExchange,
    north: ApiClient,
    acme: ApiClient,
    lot: Value,
    bid: Value,
}

impl Standing {
    async fn start() -> Self {
        let exchange = TestExchange::start().await;
        admit(&exchange).await;
        let (north, acme) = (exchange.client("north", Role::Provider), exchange.client("acme", Role::Buyer));
        let lot = list(&north, 8).await;
        exchange.move_clock_to(START).await;
        let offered = north.post("/v1/orders", &spot_ask(&lot, 8, "0.5000")).await.ok();
        assert_eq!((&offered["kind"], &offered["status"]), (&json!("spot"), &json!("open")));
        exchange.move_clock_to("2037-01-01T00:29:30Z").await;
        let bid = acme.post("/v1/orders", &spot_bid(8, "0.8000")).await.ok();
        Self { exchange, north, acme, lot, bid }
    }

    /// The time comes at which the hour from 01:00 is auctioned: nobody else is there.
    async fn keep_the_next_hour(&self) {
        self.exchange.move_clock_to("2037-01-01T00:56:00Z").await;
    }

    /// The auction of the hour from 02:00 is held, which beta's higher bid takes.
    async fn lose_the_hour_after(&self) {
        let beta = self.exchange.client("beta", Role::Buyer);
        beta.post("/v1/orders", &spot_bid(8, "0.9000")).await.ok();
        self.exchange.move_clock_to("2037-01-01T01:55:00Z").await;
    }

    fn bid_path(&self) -> String {
        format!("/v1/orders/{}", text(&self.bid["id"]))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_an_hour_is_sold_by_whole_minutes() {
    let standing = Standing::start().await;
    let Standing { acme, bid, .. } = &standing;
    // The clock runs on while we ask.
    assert_eq!((&bid["status"], &bid["filled_gpus"]), (&json!("open"), &json!(8)));
    let sale = trade_of(bid);
    assert_eq!((&sale["price"], &sale["minutes"], &sale["gpus"]), (&json!("0.5000"), &json!(30), &json!(8)));
    assert_eq!(acme.get(&standing.bid_path()).await.ok(), *bid);
    // 8 x 0.50 x half an hour and 50 basis points; 8 x 0.80 and the fee are set aside for the next hour.
    assert_eq!(money(acme).await, ("99991.558".into(), "6.432".into(), "0.00".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auction_clears_at_the_lowest_price_at_which_all_is_sold() {
    let standing = Standing::start().await;
    standing.keep_the_next_hour().await;
    let auction = standing.acme.get(&format!("/v1/markets/{MARKET}/spot?hour=2037-01-01T01:00:00Z")).await.ok();
    assert_eq!((&auction["clearing_price"], &auction["gpus"]), (&json!("0.5000"), &json!(8)));
    assert_eq!((&auction["bids"], &auction["asks"]), (&json!(8), &json!(8)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_outbid_is_told_at_the_gate_and_keeps_the_hour_it_is_in() {
    let standing = Standing::start().await;
    standing.keep_the_next_hour().await;
    standing.lose_the_hour_after().await;
    let events = standing.acme.get("/v1/events?after=0&limit=500").await.ok();
    let interrupted = one_whose(&events["data"], "type", "spot_interrupted");
    assert_eq!(interrupted["data"]["hour"], "2037-01-01T02:00:00Z");
    assert_eq!((&interrupted["data"]["gpus"], &interrupted["time"]), (&json!(8), &json!("2037-01-01T01:55:00Z")));
    let shown = standing.acme.get(&standing.bid_path()).await.ok();
    assert_eq!((&shown["status"], &shown["filled_gpus"]), (&json!("open"), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_that_were_auctioned_are_delivered_and_earned() {
    let standing = Standing::start().await;
    standing.keep_the_next_hour().await;
    standing.lose_the_hour_after().await;
    let Standing { exchange, north, acme, lot, .. } = &standing;
    exchange.move_clock_to("2037-01-01T03:00:00Z").await;
    let index = acme.get(&format!("/v1/markets/{MARKET}/spot")).await.ok();
    let prices: Vec<_> = index["data"].items().iter().map(|hour| hour["clearing_price"].clone()).collect();
    // Just above the outbid one nothing is left over on either side, nearest to the last price.
    assert_eq!(prices, ["0.5000", "0.8001", "0.8001"]);
    // Half an hour and an hour at 0.50, an hour at 0.8001.
    assert_eq!(money(north).await.2, "12.4008");
    let sales = acme.get("/v1/spot-sales").await.ok();
    let minutes: Vec<_> = sales["data"].items().iter().map(|sale| sale["minutes"].clone()).collect();
    assert_eq!(minutes, [30, 60]);
    let first = north.get("/v1/spot-sales?limit=1").await.ok();
    let rest = north.get(&format!("/v1/spot-sales?cursor={}", text(&first["next_cursor"]))).await.ok();
    assert_eq!(rest["data"].items().len(), 3, "beta has an hour delivered and one ahead");
    let calendar = north.get(&format!("/v1/lots/{}/calendar", text(lot))).await.ok();
    let first_step = one_whose(&calendar["data"], "start", START);
    assert_eq!(first_step["sold_spot"], 8);
    assert_eq!(first_step["end"], "2037-01-01T04:00:00Z");
    let trial = exchange.finance().get(TRIAL_BALANCE).await.ok();
    assert_eq!(trial["total_debit"], trial["total_credit"]);
    acme.delete(&standing.bid_path()).await.ok();
    assert_eq!(money(acme).await.1, "0.00");
}

/// Before, an order's trades of one hour came in whatever order the database found them.
#[tokio::test(flavor = "multi_thread")]
async fn an_hour_from_many_lots_is_shown_in_one_order() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let (north, acme) = (exchange.client("north", Role::Provider), exchange.client("acme", Role::Buyer));
    exchange.move_clock_to(START).await;
    for _ in 0..12 {
        let lot = list(&north, 8).await;
        north.post("/v1/orders", &spot_ask(&lot, 8, "0.5000")).await.ok();
    }
    let bid = acme.post("/v1/orders", &spot_bid(96, "0.8000")).await.ok();
    exchange.move_clock_to("2037-01-01T05:56:00Z").await;
    let lots = |trades: &Value| trades.items().iter().map(|trade| trade["lot"].clone()).collect::<Vec<_>>();
    let sales = acme.get("/v1/spot-sales?limit=500").await.ok();
    let alone = acme.get(&format!("/v1/orders/{}", text(&bid["id"]))).await.ok();
    assert!(alone["trades"].items().len() >= 60, "twelve lots in five hours and more");
    assert_eq!(lots(&alone["trades"]), lots(&sales["data"]), "as they were sold");
    for limit in [1, 500] {
        let listed = acme.get(&format!("/v1/orders?limit={limit}")).await.ok();
        assert_eq!(only(&listed["data"])["trades"], alone["trades"], "in a page of {limit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bid_without_funds_waits_and_comes_back() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let (north, acme) = (exchange.client("north", Role::Provider), exchange.client("acme", Role::Buyer));
    let lot = list(&north, 8).await;
    acme.put("/v1/account/budgets/USD", &json!({"monthly": "13.00"})).await.ok();
    exchange.move_clock_to(START).await;
    let bid = acme.post("/v1/orders", &spot_bid(8, "0.8000")).await.ok();
    north.post("/v1/orders", &spot_ask(&lot, 8, "0.8000")).await.ok();
    let order = format!("/v1/orders/{}", text(&bid["id"]));
    // 6.432 an hour: the month's 13.00 pay for the first and hold the second, not more.
    exchange.move_clock_to("2037-01-01T00:55:00Z").await;
    assert_eq!(acme.get(&order).await.ok()["status"], "open");
    exchange.move_clock_to("2037-01-01T01:55:00Z").await;
    assert_eq!(acme.get(&order).await.ok()["status"], "suspended");
    assert_eq!(money(&acme).await.1, "0.00", "a bid that waits holds nothing");
    assert_eq!(acme.get("/v1/orders?status=suspended").await.ok()["data"].as_array().unwrap().len(), 1);
    let budgets = acme.get("/v1/account/budgets").await.ok();
    let budget = only(&budgets["data"]);
    assert_eq!((&budget["spent"], &budget["month"]), (&json!("12.864"), &json!("2037-01")));
    let refused = acme.post("/v1/orders", &spot_bid(8, "0.8000")).await;
    assert_eq!(refused.problem(), (422, "budget_exceeded"));
    acme.delete("/v1/account/budgets/USD").await.ok();
    exchange.move_clock_to("2037-01-01T02:55:00Z").await;
    assert_eq!(acme.get(&order).await.ok()["status"], "open");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_halted_market_holds_no_auction() {
    let standing = Standing::start().await;
    let halted = format!("/v1/markets/{MARKET}/halt");
    standing.exchange.operator().post(&halted, &json!({"reason": "prices under review"})).await.ok();
    standing.keep_the_next_hour().await;
    let void = standing.acme.get(&format!("/v1/markets/{MARKET}/spot?hour=2037-01-01T01:00:00Z")).await.ok();
    assert_eq!((&void["missed"], &void["clearing_price"]), (&json!("halted"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_spot_orders_do_not_have_is_refused() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let acme = exchange.client("acme", Role::Buyer);
    let refused = |body: Value| {
        let acme = &acme;
        async move { acme.post("/v1/orders", &body).await.problem().1.to_owned() }
    };
    let but_with = |field: &str, to: Value| with(spot_bid(8, "0.8000"), field, to);
    assert_eq!(refused(but_with("time_in_force", json!("IOC"))).await, "invalid_field");
    assert_eq!(refused(but_with("post_only", json!(true))).await, "invalid_field");
    assert_eq!(refused(but_with("min_gpus", json!(16))).await, "minimum_invalid");
    assert_eq!(refused(but_with("gpus", json!(4))).await, "quantity_invalid");
    assert_eq!(refused(but_with("limit_price", json!("100000.0000"))).await, "insufficient_funds");
    let missing = acme.get(&format!("/v1/markets/{MARKET}/spot?hour={START}")).await;
    assert_eq!(missing.problem(), (404, "not_found"));
}
