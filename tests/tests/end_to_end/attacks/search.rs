//! A search does no more than its budget, whatever rests in the book.

use api::auth::Role;
use futures::FutureExt as _;
use futures::future::join_all;
use serde_json::{Value, json};
use tests::attacks::Stage;
use tests::attacks::search::{
    crowd, crowd_of_asks, crowd_of_bids, crowded_orders, one_node_asks, phantom_lot, swept_bids,
};
use tests::client::ask;
use tests::condition::until;
use tests::exchange::TestExchange;

use crate::opening::{admit, day_bid, list};

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
        let orders = page["data"].as_array().expect("a list");
        assert_eq!(orders.len(), 1);
        assert_eq!(orders[0]["trades"].as_array().map(Vec::len), Some(6_000));
    }
    assert_ne!(first["data"][0]["id"], second["data"][0]["id"]);
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
    let window = json!({"start": crate::opening::START, "end": crate::opening::END});
    let lot = json!({"market": tests::client::MARKET, "gpus": 8, "window": window, "fabric": "hall-1", "min_remnant_hours": 744});
    let lot = junk.post("/v1/lots", &lot).await.ok()["id"].clone();
    junk.delete("/v1/orders").await.ok();
    for n in 0..2_500 {
        junk.post("/v1/orders", &ask(&lot, 8, &format!("0.{:04}", 1 + n))).await.ok();
    }
    let good = list(&honest, 8).await;
    honest.post("/v1/orders", &ask(&good, 8, "1.0000")).await.ok();
    let mut wanted = day_bid(8, "1.1000");
    wanted["time_in_force"] = json!("FOK");
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
