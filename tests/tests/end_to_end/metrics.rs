//! What machines see: alive, ready, and the numbers.

use api::auth::Role;
use reqwest::Method;
use serde_json::json;
use tests::condition::until;
use tests::exchange::TestExchange;

use crate::opening::{admit, day_bid};

/// The value of a metric, by its name with labels as the page has it.
fn value(page: &str, name: &str) -> f64 {
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in:\n{page}")).parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_batches_commits_and_lags_are_measured() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let acme = exchange.client("acme", Role::Buyer);
    acme.post("/v1/orders", &day_bid(8, "1.0000")).await.ok();
    assert_eq!(acme.post("/v1/orders", &day_bid(8, "1.00001")).await.problem(), (422, "price_off_tick"));
    let anyone = exchange.anonymous();
    let page = until("everything is published and projected", async || {
        let response = anyone.request(Method::GET, "/metrics").send().await.unwrap();
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
        let page = response.text().await.unwrap();
        let lags = ["secondwind_relay_lag_events", "secondwind_projection_lag_events"];
        let published = value(&page, "secondwind_relay_lag_seconds") > 0.0;
        (published && lags.iter().all(|lag| value(&page, lag) == 0.0)).then_some(page)
    })
    .await;
    let exactly =
        |name: &str, expected: f64| assert!((value(&page, name) - expected).abs() < 0.5, "{name} in:\n{page}");
    exactly("secondwind_orders_placed_total", 1.0);
    exactly("secondwind_commands_refused_total{code=\"price_off_tick\"}", 1.0);
    exactly("secondwind_queue_full_total", 0.0);
    let head = anyone.get("/readyz").await.ok()["sequence"].as_f64().unwrap();
    exactly("secondwind_batch_events_sum", head);
    for histogram in ["secondwind_batch_events", "secondwind_commit_seconds"] {
        assert!(value(&page, &format!("{histogram}_count")) >= 1.0, "{histogram}");
        let all = value(&page, &format!("{histogram}_bucket{{le=\"+Inf\"}}"));
        exactly(&format!("{histogram}_count"), all);
    }
    assert!(page.trim_end().ends_with("# EOF"), "whole, as OpenMetrics has it");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_readiness_say_how_far_each_part_is() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let anyone = exchange.anonymous();
    let health = anyone.request(Method::GET, "/healthz").send().await.unwrap();
    assert_eq!((health.status(), health.text().await.unwrap().as_str()), (reqwest::StatusCode::OK, "ok\n"));
    let ready = until("everything is published and projected", async || {
        let ready = anyone.get("/readyz").await.ok();
        let caught_up = ready["projected"] == ready["sequence"] && ready["published"] == ready["sequence"];
        caught_up.then_some(ready)
    })
    .await;
    // The operator's organization, the market, four more organizations, two deposits.
    let expected = json!({"ready": true, "sequencer": "leading", "sequence": 8, "projected": 8, "relay": "publishing",
                          "published": 8, "clock": "simulated"});
    assert_eq!(ready, expected);
}
