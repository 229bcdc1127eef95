//! A search does no more than its budget, whatever rests in the book.

use api::auth::Role;
use api::resources::health::MetricsAccess;
use api::server::ServerSettings;
use futures::FutureExt as _;
use futures::future::join_all;
use infra::config::{Limits, Rate};
use matching::{CloseReason, Event};
use serde_json::{Value, json};
use tests::attacks::Stage;
use tests::attacks::bystander::Bystander;
use tests::attacks::search::{
    crowd, crowd_of_asks, crowd_of_bids, crowded_orders, expiring_crowd, one_node_asks, phantom_lot, swept_bids,
};
use tests::client::{MARKET, ask, supply, with};
use tests::condition::until;
use tests::exchange::TestExchange;
use tests::picking::only;

use crate::opening::{END, START, admit, day_bid, list};

#[tokio::test(flavor = "multi_thread")]
async fn a_phantom_lot_costs_its_quote_a_search() {
    let exchange = TestExchange::start().await;
    let told = phantom_lot(&Stage::from(&exchange)).await.unwrap();
    assert!(told.starts_with("unfillable"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_asks_that_do_not_suffice_hold_nobody() {
    let exchange = TestExchange::start().await;
    let told = one_node_asks(&Stage::from(&exchange)).await.unwrap();
    assert!(told.starts_with("nothing traded"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn asks_behind_very_many_bids_hold_nobody() {
    let exchange = TestExchange::start().await;
    let told = swept_bids(&Stage::from(&exchange)).await.unwrap();
    assert!(told.starts_with("nothing traded"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_trades_with_thousands_trades_with_all_of_them() {
    let exchange = TestExchange::start().await;
    let stage = Stage::from(&exchange);
    for play in [crowd_of_bids(&stage).boxed(), crowd_of_bids(&stage).boxed(), crowd_of_asks(&stage).boxed()] {
        let told = play.await.unwrap();
        assert!(told.starts_with("6000 trades"), "{told}");
    }
    // Together they have more trades than a page.
    let seller = stage.client("phantom-seller", Role::Provider);
    let first = seller.get("/v1/orders").await.ok();
    let cursor = first["next_cursor"].as_str().expect("a page that ends early");
    let second = seller.get(&format!("/v1/orders?cursor={cursor}")).await.ok();
    for page in [&first, &second] {
        assert_eq!(only(&page["data"])["trades"].as_array().map(Vec::len), Some(6_000));
    }
    assert_ne!(only(&first["data"])["id"], only(&second["data"])["id"]);
    assert_eq!(second["next_cursor"], Value::Null);
}

/// With the limits on open asks lifted, one seller's junk changes no other pair's trade.
#[tokio::test(flavor = "multi_thread")]
async fn junk_of_one_seller_is_passed_over() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let (junk, honest) = (exchange.client("south", Role::Provider), exchange.client("north", Role::Provider));
    let acme = exchange.client("acme", Role::Buyer);
    let limited = list(&junk, 8).await;
    for n in 0..256 {
        junk.post("/v1/orders", &ask(&limited, 8, &format!("0.1{n:03}"))).await.ok();
    }
    assert_eq!(junk.post("/v1/orders", &ask(&limited, 8, "0.2000")).await.problem(), (409, "too_many_asks_on_lot"));
    let lifted = json!({"open_orders_max": 100_000});
    exchange.operator().put("/v1/organizations/south/order-limit", &lifted).await.ok();
    // It refuses every sale of less than all its hours.
    let lot = with(with(supply(8, START, END), "fabric", "hall-1"), "min_remnant_hours", 744);
    let lot = junk.post("/v1/lots", &lot).await.ok()["id"].clone();
    junk.delete("/v1/orders").await.ok();
    for n in 0..2_500 {
        junk.post("/v1/orders", &ask(&lot, 8, &format!("0.{:04}", 1 + n))).await.ok();
    }
    let good = list(&honest, 8).await;
    honest.post("/v1/orders", &ask(&good, 8, "1.0000")).await.ok();
    let wanted = with(day_bid(8, "1.1000"), "time_in_force", "FOK");
    let placed = acme.post("/v1/orders", &wanted).await.ok();
    assert_eq!((&placed["status"], &placed["average_price"]), (&json!("filled"), &json!("1.0000")));
}

/// Before, all that came waited, up to thousands, and whoever came after it waited for these too.
#[tokio::test(flavor = "multi_thread")]
async fn those_who_wait_for_work_are_few() {
    let exchange = TestExchange::start().await;
    let stage = Stage::from(&exchange);
    let (seller, buyer) = crowd(&stage).await.unwrap();
    let (ask, wanted) = crowded_orders(&seller).await.unwrap();
    let head = exchange.node.log.head();
    let sweep = async { seller.post("/v1/orders", &ask).await.ok() };
    let waiting = async {
        until("the ask trades", async || (exchange.node.log.head() > head).then_some(())).await;
        let orders = join_all((0..400).map(|_| buyer.post("/v1/orders", &wanted))).await;
        orders.into_iter().filter(|answer| answer.status == 503).collect::<Vec<_>>()
    };
    let (_, refused) = tokio::join!(sweep, waiting);
    assert!(refused.len() >= 200, "{} of 400 are turned away", refused.len());
    assert!(refused.iter().all(|answer| answer.problem() == (503, "queue_full")));
}

/// The market in which the crowd trades.
async fn ask_market(exchange: &TestExchange) -> String {
    let markets = exchange.operator().get("/v1/markets").await.ok();
    let ids = markets["data"].as_array().into_iter().flatten().filter_map(|market| market["id"].as_str());
    ids.filter(|id| id.contains("phantom")).map(str::to_owned).next().expect("a market")
}

/// Before, whoever kept some work going in one market after another kept everybody else's commands waiting, and all that fell due.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_begun_work_begins_no_more_until_all_is_done() {
    let exchange = TestExchange::start().await;
    let stage = Stage::from(&exchange);
    let (seller, _) = crowd(&stage).await.unwrap();
    let (ask, _) = crowded_orders(&seller).await.unwrap();
    admit(&exchange).await;
    let (lot, north) =
        (list(&exchange.client("north", Role::Provider), 8).await, exchange.client("north", Role::Provider));
    let sellers_lot = list(&seller, 8).await;
    let head = exchange.node.log.head();
    let sweep = async { seller.post("/v1/orders", &ask).await.ok() };
    let others = async {
        until("the ask trades", async || (exchange.node.log.head() > head).then_some(())).await;
        let own = async { seller.post("/v1/orders", &tests::client::ask(&sellers_lot, 8, "2.0000")).await.ok() };
        let other = async { north.post("/v1/orders", &tests::client::ask(&lot, 8, "2.0000")).await.ok() };
        let (own, other) = tokio::join!(own, other);
        (own, other)
    };
    let halt = async {
        until("the ask trades", async || (exchange.node.log.head() > head + 50).then_some(())).await;
        let market = ask_market(&exchange).await;
        exchange.operator().post(&format!("/v1/markets/{market}/halt"), &json!({"reason": "enough"})).await.ok()
    };
    let (_, (own, other), _) = tokio::join!(sweep, others, halt);
    let events = exchange.node.log.range(head + 1, exchange.node.log.head()).await.expect("the log");
    let place = |order: &Value| {
        let id = order["id"].as_str().expect("an id");
        events.iter().position(|row| matches!(&row.record.event, Event::OrderPlaced(e) if e.order.to_string() == id))
    };
    let swept = events.iter().position(|row| matches!(&row.record.event, Event::SweepEnded(_)));
    assert!(place(&other) < swept && swept < place(&own), "{:?} {swept:?} {:?}", place(&other), place(&own));
    // An operator's command comes before what else the seller has sent, though it was sent later.
    let halted = events.iter().position(|row| matches!(&row.record.event, Event::MarketHalted(_)));
    assert!(swept < halted && halted < place(&own), "{swept:?} {halted:?} {:?}", place(&own));
}

/// Before, operators were taken for one trader: none of them could halt a market while another's suspension went on.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_does_not_wait_for_what_another_has_begun() {
    let exchange = TestExchange::start().await;
    crowd(&Stage::from(&exchange)).await.unwrap();
    admit(&exchange).await;
    let (operator, reason) = (exchange.operator(), json!({"reason": "a test"}));
    let head = exchange.node.log.head();
    let suspend = async { operator.post("/v1/organizations/phantom-buyer/suspend", &reason).await.ok() };
    let halt = async {
        until("the first orders end", async || (exchange.node.log.head() > head).then_some(())).await;
        operator.post(&format!("/v1/markets/{MARKET}/halt"), &reason).await.ok()
    };
    tokio::join!(suspend, halt);
    let events = exchange.node.log.range(head + 1, exchange.node.log.head()).await.expect("the log");
    let place = |name: &str| events.iter().position(|row| row.record.event.name() == name);
    let (halted, suspended) = (place("market_halted"), place("organization_suspended"));
    assert!(halted.is_some() && halted < suspended, "{halted:?} {suspended:?}");
}

/// Before, every command waited until all of them had ended.
#[tokio::test(flavor = "multi_thread")]
async fn orders_elsewhere_go_ahead_of_a_crowd_that_expires() {
    let exchange = TestExchange::start().await;
    let stage = Stage::from(&exchange);
    let bystander = Bystander::arrive(&stage).await.unwrap();
    let head = exchange.node.log.head();
    let others = async {
        until("they expire", async || {
            let from = exchange.node.log.head();
            let last = exchange.node.log.range(from, from).await.expect("the log");
            matches!(&last.last()?.record.event, Event::OrderClosed(e) if e.reason == CloseReason::Expired)
                .then_some(())
        })
        .await;
        bystander.order().await.ok()
    };
    let (told, placed) = tokio::join!(expiring_crowd(&stage), others);
    assert!(told.unwrap().starts_with("6000 ended"));
    let events = exchange.node.log.range(head + 1, exchange.node.log.head()).await.expect("the log");
    let expired = events.iter().rposition(|row| matches!(&row.record.event, Event::OrderClosed(_)));
    let id = placed["id"].as_str().expect("an id");
    let place = events
        .iter()
        .position(|row| matches!(&row.record.event, Event::OrderPlaced(e) if e.order.to_string() == id))
        .map(|place| (place, events[place].record.at));
    assert!(place.is_some_and(|(place, _)| Some(place) < expired), "{place:?} {expired:?}");
    assert!(place.is_some_and(|(_, at)| at.to_string() == "2036-12-01T00:00:00Z"), "{place:?}");
}

/// Before, a read of a megabyte cost what any other does, and so did the repeated request that placed the order.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_with_thousands_of_trades_costs_many_reads() {
    let mut limits = Limits::of_one_machine();
    limits.client.reads = Rate::new(1, 200);
    let exchange = TestExchange::start_limited(ServerSettings { limits, metrics: MetricsAccess::Everyone }).await;
    let stage = Stage::from(&exchange);
    let (seller, _) = crowd(&stage).await.unwrap();
    let (ask, _) = crowded_orders(&seller).await.unwrap();
    let order = seller.post_with_key("/v1/orders", &ask, "once").await.ok();
    let read = async |n: usize| {
        let path = format!("/v1/orders/{}", order["id"].as_str().expect("an id"));
        for _ in 0..n {
            assert_eq!(seller.get(&path).await.ok()["trades"].as_array().map(Vec::len), Some(6_000));
        }
        seller.get(&path).await
    };
    assert_eq!(read(2).await.status, 200);
    assert_eq!(seller.post_with_key("/v1/orders", &ask, "once").await.problem(), (429, "rate_limited"));
    assert_eq!(read(0).await.problem(), (429, "rate_limited"));
    assert_eq!(seller.get("/v1/orders?limit=1").await.problem(), (429, "rate_limited"));
    assert_eq!(seller.get("/v1/clock").await.status, 200, "small answers are few reads");
}
