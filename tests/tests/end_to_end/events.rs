//! An organization's own events: all of them, in sequence, and nothing that is another's.

use api::auth::Role;
use serde_json::{Value, json};
use tests::client::{ApiClient, MARKET, ask};
use tests::exchange::TestExchange;
use tests::picking::{contract_of, only};

use crate::opening::{START, admit, day_bid, list, trade};

async fn events(client: &ApiClient, query: &str) -> Vec<Value> {
    let page = client.get(&format!("/v1/events{query}")).await.ok();
    page["data"].as_array().expect("a list").clone()
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().expect("a type")).collect()
}

fn of_type<'a>(events: &'a [Value], event_type: &str) -> &'a Value {
    let data = events.iter().find(|event| event["type"] == event_type).map(|event| &event["data"]);
    data.unwrap_or_else(|| panic!("no {event_type} in {events:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_side_of_a_trade_reads_its_own_part_of_it() {
    let exchange = TestExchange::start().await;
    let opened = trade(&exchange).await;
    let (north, acme) = (exchange.client("north", Role::Provider), exchange.client("acme", Role::Buyer));
    let (sold, bought) = (events(&north, "").await, events(&acme, "").await);
    assert_eq!(types(&sold), ["organization_registered", "lot_registered", "order_placed", "trade_executed"]);
    let expected = ["organization_registered", "deposit_received", "order_placed", "trade_executed", "order_placed"];
    assert_eq!(types(&bought), expected);
    for event in sold.iter().chain(&bought) {
        assert!(event["version"].as_u64().is_some_and(|version| version >= 1));
        assert!(event["time"].as_str().is_some_and(|time| time.ends_with('Z')));
    }

    let (seen_by_seller, seen_by_buyer) = (of_type(&sold, "trade_executed"), of_type(&bought, "trade_executed"));
    for part in [seen_by_seller, seen_by_buyer] {
        assert_eq!((&part["contract"], &part["lot"]), (&json!(opened.contract), &json!(opened.lot)));
        assert_eq!(
            (&part["buyer"], &part["seller"], &part["price"]),
            (&json!("acme"), &json!("north"), &json!("1.0500"))
        );
    }
    assert_eq!(seen_by_buyer["buyer_fee"], "1.008");
    assert_eq!(seen_by_seller["seller_fee"], "0.00");
    for (part, others) in [
        (seen_by_seller, ["bid", "buyer_fee", "buyer_fee_bps", "hold_released", "bid_remaining"].as_slice()),
        (seen_by_buyer, ["ask", "seller_fee", "seller_fee_bps", "ask_sold_gpus", "ask_filled"].as_slice()),
    ] {
        assert!(others.iter().all(|field| part.get(field).is_none()), "{part}");
    }
    let ask_shown = acme.get("/v1/trades").await.ok();
    assert_eq!(of_type(&bought, "order_placed")["order"], only(&ask_shown["data"])["order"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_read_their_own_events_and_nothing_of_a_trade() {
    let exchange = TestExchange::start().await;
    trade(&exchange).await;
    let beta = events(&exchange.client("beta", Role::Buyer), "").await;
    assert_eq!(types(&beta), ["organization_registered", "deposit_received"]);
    let south = events(&exchange.client("south", Role::Provider), "").await;
    assert_eq!(types(&south), ["organization_registered"]);
    let operator = events(&exchange.operator(), "").await;
    assert_eq!(types(&operator), ["organization_registered"], "the market is everyone's, so it is nobody's own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivered_hour_shows_each_party_its_own_contracts() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let traders = [("north", Role::Provider), ("south", Role::Provider), ("acme", Role::Buyer), ("beta", Role::Buyer)];
    let [north, south, acme, beta] = traders.map(|(organization, role)| exchange.client(organization, role));
    let contract = async |provider: &ApiClient, buyer: &ApiClient| {
        let lot = list(provider, 8).await;
        provider.post("/v1/orders", &ask(&lot, 8, "1.0000")).await.ok();
        contract_of(&buyer.post("/v1/orders", &day_bid(8, "1.0000")).await.ok())
    };
    let (acmes, betas) = (contract(&north, &acme).await, contract(&south, &beta).await);
    exchange.move_clock_to("2037-01-01T01:00:00Z").await;
    for (client, own, fee, others_fee) in [
        (&north, &acmes, "seller_fee", "buyer_fee"),
        (&south, &betas, "seller_fee", "buyer_fee"),
        (&acme, &acmes, "buyer_fee", "seller_fee"),
        (&beta, &betas, "buyer_fee", "seller_fee"),
    ] {
        let events = events(client, "").await;
        let hours = of_type(&events, "hours_delivered");
        assert_eq!((&hours["market"], &hours["hour"]), (&json!(MARKET), &json!(START)));
        let part = only(&hours["contracts"]);
        assert_eq!((&part["contract"], &part["amount"]), (&json!(own), &json!("8.00")));
        assert!(part.get(fee).is_some() && part.get(others_fee).is_none(), "{hours}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_read_on_from_any_sequence() {
    let exchange = TestExchange::start().await;
    trade(&exchange).await;
    let acme = exchange.client("acme", Role::Buyer);
    let all = events(&acme, "").await;
    let sequences: Vec<u64> = all.iter().map(|event| event["sequence"].as_u64().expect("a sequence")).collect();
    assert!(sequences.is_sorted_by(|before, after| before < after));
    let mut read = Vec::new();
    let mut after = String::from("0");
    loop {
        let page = acme.get(&format!("/v1/events?after={after}&limit=2")).await.ok();
        read.extend(page["data"].as_array().expect("a list").clone());
        match page["next_cursor"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(read, all);
    let last = sequences.last().expect("events");
    assert_eq!(events(&acme, &format!("?after={last}")).await, Vec::<Value>::new());
    let placed = acme.post("/v1/orders", &day_bid(8, "0.9000")).await.ok();
    let new = events(&acme, &format!("?after={last}")).await;
    assert_eq!((types(&new), &only(&new)["data"]["order"]), (vec!["order_placed"], &placed["id"]));

    for wrong in ["?after=-1", "?after=x", "?after=9223372036854775808", "?limit=0", "?limit=501", "?since=1"] {
        assert_eq!(acme.get(&format!("/v1/events{wrong}")).await.problem(), (400, "invalid_query"), "{wrong}");
    }
}
