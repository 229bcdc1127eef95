//! Candles and the price curve.

use api::auth::Role;
use serde_json::{Value, json};
use tests::client::{ApiClient, MARKET, OTHER_MARKET, ask, bid, spot_ask, spot_bid, supply, with};
use tests::exchange::TestExchange;
use tests::picking::one_whose;

use crate::opening::{END, NEXT_DAY, START, admit, day_bid, list};

const WEEK: &str = "2037-01-08T00:00:00Z";

async fn candles(client: &ApiClient, query: &str) -> Value {
    client.get(&format!("/v1/markets/{MARKET}/candles?{query}")).await.ok()["data"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn term_candles_go_by_the_time_of_the_trade_and_leave_out_what_was_undone() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let (north, acme) = (exchange.client("north", Role::Provider), exchange.client("acme", Role::Buyer));
    for price in ["1.0500", "1.1000", "1.0200", "1.3000"] {
        let lot = list(&north, 8).await;
        north.post("/v1/orders", &ask(&lot, 8, price)).await.ok();
    }
    // Years pass in steps that the clock takes.
    for year in 2027..2037 {
        exchange.move_clock_to(&format!("{year}-06-01T00:00:00Z")).await;
        if year == 2036 {
            break;
        }
    }
    exchange.move_clock_to("2036-12-30T10:10:00Z").await;
    let mut contracts = Vec::new();
    for (at, limit) in [("10:20", "1.0500"), ("10:30", "1.1000"), ("12:00", "1.2000"), ("12:30", "1.3000")] {
        exchange.move_clock_to(&format!("2036-12-30T{at}:00Z")).await;
        let order = acme.post("/v1/orders", &day_bid(8, limit)).await.ok();
        contracts.extend(order["trades"].as_array().unwrap().iter().map(|trade| trade["contract"].clone()));
    }
    assert_eq!(contracts.len(), 4, "{contracts:?}");
    let candle = |start: &str, prices: [&str; 4], volume: &str, trades: u32| {
        let [open, high, low, close] = prices;
        json!({"start": start, "open": open, "high": high, "low": low, "close": close, "volume": volume,
               "trades": trades})
    };
    let ten = candle("2036-12-30T10:00:00Z", ["1.0200", "1.0500", "1.0200", "1.0500"], "384", 2);
    let noon = candle("2036-12-30T12:00:00Z", ["1.1000", "1.3000", "1.1000", "1.3000"], "384", 2);
    assert_eq!(candles(&acme, "").await, json!([ten, noon]), "the hour between is left out");
    let day = candle("2036-12-30T00:00:00Z", ["1.0200", "1.3000", "1.0200", "1.3000"], "768", 4);
    assert_eq!(candles(&acme, "kind=term&interval=1d").await, json!([day]));
    let last = contracts.last().and_then(Value::as_str).unwrap();
    exchange.operator().post(&format!("/v1/contracts/{last}/bust"), &json!({"reason": "mistyped"})).await.ok();
    let noon = candle("2036-12-30T12:00:00Z", ["1.1000", "1.1000", "1.1000", "1.1000"], "192", 1);
    let from = "start=2036-12-30T11:00:00Z&end=2036-12-30T13:00:00Z";
    assert_eq!(candles(&acme, from).await, json!([noon]));
}

#[tokio::test(flavor = "multi_thread")]
async fn candles_of_spans_that_they_do_not_fill_are_refused() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let acme = exchange.client("acme", Role::Buyer);
    for query in [
        "interval=1d&start=2036-12-30T11:00:00Z",
        "start=2036-12-30T11:00:00Z&end=2036-12-30T11:00:00Z",
        "start=2036-01-01T00:00:00Z&end=2036-12-30T11:00:00Z",
        "interval=5m",
        "kind=all",
    ] {
        let answer = acme.get(&format!("/v1/markets/{MARKET}/candles?{query}")).await;
        assert_eq!(answer.problem(), (400, "invalid_query"), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spot_candles_are_of_the_auctions_hours() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let (north, acme) = (exchange.client("north", Role::Provider), exchange.client("acme", Role::Buyer));
    let now = acme.get("/v1/clock").await.ok()["now"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let hour = now.as_second() / 3600 + 2;
    let at = |hour: i64| jiff::Timestamp::from_second(hour * 3600).unwrap().to_string();
    let lot = north.post("/v1/lots", &supply(16, &at(hour), &at(hour + 24))).await.ok()["id"].clone();
    north.post("/v1/orders", &spot_ask(&lot, 16, "0.4000")).await.ok();
    acme.post("/v1/orders", &spot_bid(8, "0.6000")).await.ok();
    exchange.move_clock_to(&at(hour + 2)).await;
    let spot = candles(&acme, &format!("kind=spot&start={}&end={}", at(hour), at(hour + 2))).await;
    let auctions = acme.get(&format!("/v1/markets/{MARKET}/spot")).await.ok();
    let priced: Vec<&Value> = auctions["data"].as_array().unwrap().iter().filter(|a| a["gpus"] == 8).collect();
    assert_eq!(spot.as_array().unwrap().len(), 2, "{spot}");
    for (candle, auction) in spot.as_array().unwrap().iter().zip(priced) {
        assert_eq!((&candle["start"], &candle["close"]), (&auction["hour"], &auction["clearing_price"]));
        assert_eq!((&candle["volume"], &candle["trades"]), (&json!("8"), &json!(1)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_curve_has_the_last_trade_and_the_best_offer_of_each_tenor() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let (north, acme) = (exchange.client("north", Role::Provider), exchange.client("acme", Role::Buyer));
    let lot = list(&north, 16).await;
    north.post("/v1/orders", &ask(&lot, 16, "1.0500")).await.ok();
    acme.post("/v1/orders", &bid(8, "1.0500", START, NEXT_DAY)).await.ok();
    let now = acme.get("/v1/clock").await.ok()["now"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let day = |day: i64| jiff::Timestamp::from_second((now.as_second() / 86_400 + day) * 86_400).unwrap().to_string();
    let near = with(supply(8, &day(1), &day(40)), "fabric", "hall-1");
    let near = north.post("/v1/lots", &near).await.ok()["id"].clone();
    north.post("/v1/orders", &ask(&near, 8, "1.2000")).await.ok();
    let second = list(&north, 8).await;
    north.post("/v1/orders", &ask(&second, 8, "1.0000")).await.ok();
    acme.post("/v1/orders", &bid(8, "1.0500", START, WEEK)).await.ok();

    let curve = acme.get(&format!("/v1/markets/{MARKET}/curve")).await.ok();
    let tenors = curve["data"].as_array().unwrap();
    let names: Vec<&str> = tenors.iter().map(|tenor| tenor["tenor"].as_str().unwrap()).collect();
    assert_eq!(names, ["1d", "1w", "1m", "3m", "6m", "1y", "2y", "3y", "5y"]);
    let last: Vec<&Value> = tenors.iter().map(|tenor| &tenor["last"]["price"]).collect();
    assert_eq!(last[..3], [&json!("1.0500"), &json!("1.0000"), &Value::Null], "{curve}");
    let offers: Vec<&Value> = tenors.iter().map(|tenor| &tenor["offer"]["price"]).collect();
    let offered = json!("1.2000");
    assert_eq!(offers[..4], [&offered, &offered, &offered, &Value::Null], "the near lot is free for 39 days");
    assert_eq!(one_whose(&curve["data"], "tenor", "1d")["offer"]["window"], json!({"start": day(1), "end": day(2)}));
    let unknown = acme.get(&format!("/v1/markets/{OTHER_MARKET}/curve")).await;
    assert_eq!(unknown.problem(), (404, "not_found"));
    assert!(END > WEEK);
}
