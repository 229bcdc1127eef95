//! All orders of an organization end at once, on an exchange whose books are young.
//!
//! Before, a commit took time that grew with the square of its entries: the whole exchange answered `outcome_unknown`.

use std::collections::BTreeSet;

use api::auth::Role;
use futures::future::join_all;
use serde_json::json;
use tests::exchange::TestExchange;
use tests::picking::{balance, text};
use tokio::sync::watch;

use crate::opening::{admit, day_bid};

/// Orders in a request.
const BATCH: usize = 100;
/// Orders that rest, each with money set aside.
const ORDERS: usize = 6_000;

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_orders_end_at_once_and_nobody_is_turned_away() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let (acme, beta) = (exchange.client("acme", Role::Buyer), exchange.client("beta", Role::Buyer));
    let limit = json!({"open_orders_max": ORDERS});
    exchange.operator().put("/v1/organizations/acme/order-limit", &limit).await.ok();
    let batch = json!({"orders": vec![day_bid(8, "0.0100"); BATCH]});
    let mut placed = BTreeSet::new();
    for _ in 0..ORDERS / BATCH {
        for item in acme.post("/v1/orders/batch", &batch).await.ok()["data"].as_array().expect("a list") {
            placed.insert(text(&item["order"]["id"]));
        }
    }
    assert_eq!(placed.len(), ORDERS);
    // 8 GPUs for 24 hours at 0.01, and the fee on them.
    assert_eq!(balance(&acme, "held").await, "11577.60");

    let (end, ends) = watch::channel(false);
    let others = async {
        let mut tried = 0;
        while !*ends.borrow() {
            let bids = join_all((0..4).map(async |_| beta.post("/v1/orders", &day_bid(8, "0.0001")).await)).await;
            for bid in bids {
                bid.ok();
            }
            tried += 4;
        }
        tried
    };
    let cancelled = async {
        let cancelled = acme.delete("/v1/orders").await.ok();
        end.send_replace(true);
        cancelled
    };
    let (tried, cancelled) = tokio::join!(others, cancelled);
    assert!(tried > 0, "somebody else has traded meanwhile");
    let ended: BTreeSet<_> = cancelled["data"].as_array().expect("a list").iter().map(text).collect();
    assert_eq!(ended, placed);
    assert_eq!(balance(&acme, "held").await, "0.00");
    assert_eq!(acme.get("/v1/orders?status=open").await.ok()["data"], json!([]));
}
