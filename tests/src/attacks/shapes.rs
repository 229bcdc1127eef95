//! Requests of a shape that no client means.

use std::time::{Duration, Instant};

use anyhow::ensure;
use api::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Attack, Stage};
use crate::client::{MARKET, bid};

/// Waits that clients may cause by a word.
const AT_ONCE: Duration = Duration::from_secs(2);

/// The attacks.
pub(super) fn attacks() -> Vec<Attack> {
    vec![
        Attack {
            name: "list_for_an_object",
            what: "sends lists of values in the place of objects, at the top of a body and within it",
            before: "taken, as if they were objects",
            play: |stage| Box::pin(lists_for_objects(stage)),
        },
        Attack {
            name: "nul_in_a_target",
            what: "asks for /v1/invoices/%00, and for lists by ?status=%00",
            before: "500, and an error in the log",
            play: |stage| Box::pin(nul_in_targets(stage)),
        },
        Attack {
            name: "wrong_method",
            what: "sends the wrong method to a path",
            before: "404",
            play: |stage| Box::pin(wrong_method(stage)),
        },
        Attack {
            name: "respelled_path",
            what: "repeats an order under its Idempotency-Key to /v1/%6frders",
            before: "a second order",
            play: |stage| Box::pin(respelled_path(stage)),
        },
        Attack {
            name: "far_min_sequence",
            what: "reads with min_sequence of 2^64-1",
            before: "parked for 5 s, then 503",
            play: |stage| Box::pin(far_min_sequence(stage)),
        },
    ]
}

async fn lists_for_objects(stage: &Stage) -> anyhow::Result<String> {
    stage.open().await?;
    let (operator, acme) = (stage.operator(), stage.client("acme", Role::Buyer));
    let mut order = bid(8, "1.0000", "2037-01-01T00:00:00Z", "2037-01-02T00:00:00Z");
    order["window"] = json!(["2037-01-01T00:00:00Z", "2037-01-02T00:00:00Z", null, null, null]);
    let answers = [
        operator.post("/v1/organizations", &json!(["listed", "Listed"])).await,
        acme.post("/v1/orders", &order).await,
        acme.post("/v1/orders/batch", &json!([[order]])).await,
    ];
    for answer in &answers {
        ensure!(answer.status == 422 && answer.body["code"] == "invalid_field", "{} {}", answer.status, answer.body);
    }
    let batch = acme.post("/v1/orders/batch", &json!({"orders": [order]})).await.success()?;
    ensure!(batch["data"][0]["status"] == 422, "{batch}");
    Ok("422 invalid_field, at the top and within".to_owned())
}

async fn nul_in_targets(stage: &Stage) -> anyhow::Result<String> {
    let acme = stage.client("acme", Role::Buyer);
    let targets = ["/v1/invoices/%00", "/v1/orders?status=%00", "/v1/events?types=a%00b", "/v1/markets/%0a", "/%00"];
    for target in targets {
        let answer = acme.get(target).await;
        ensure!(answer.status == 400 && answer.body["code"] == "invalid_query", "{target}: {}", answer.status);
    }
    Ok("400 invalid_query".to_owned())
}

async fn wrong_method(stage: &Stage) -> anyhow::Result<String> {
    let acme = stage.client("acme", Role::Buyer);
    let answer = acme.put("/v1/orders", &json!({})).await;
    let allowed = answer.headers.get("allow").and_then(|methods| methods.to_str().ok()).unwrap_or_default();
    ensure!(answer.status == 405 && allowed == "GET, POST, DELETE", "{} {allowed}", answer.status);
    for (method, path) in [(Method::POST, "/healthz"), (Method::DELETE, "/oauth/token"), (Method::PUT, "/openapi.json")]
    {
        let answer = acme.send(acme.request(method, path)).await;
        ensure!(answer.status == 405 && answer.body["code"] == "method_not_allowed", "{path}: {}", answer.status);
    }
    Ok(format!("405, Allow: {allowed}"))
}

async fn respelled_path(stage: &Stage) -> anyhow::Result<String> {
    stage.open().await?;
    let acme = stage.client("acme", Role::Buyer);
    let key = Uuid::now_v7().to_string();
    let order = bid(8, "0.0100", "2037-01-01T00:00:00Z", "2037-01-02T00:00:00Z");
    let mut ids: Vec<Value> = Vec::new();
    for path in ["/v1/orders", "/v1/%6frders", "/v1/order%73", "/%761/orders"] {
        let placed = acme.post_with_key(path, &order, &key).await;
        // Another spelling may also be no path at all.
        if placed.status != 404 {
            ids.push(placed.success()?["id"].take());
        }
    }
    ensure!(ids.iter().all(|id| *id == ids[0]), "{ids:?} in {MARKET}");
    Ok(format!("one order, told {} times", ids.len()))
}

async fn far_min_sequence(stage: &Stage) -> anyhow::Result<String> {
    let acme = stage.client("acme", Role::Buyer);
    let sent = Instant::now();
    for path in ["/v1/orders", "/v1/trades", "/v1/events", "/v1/invoices"] {
        let answer = acme.get(&format!("{path}?min_sequence={}", u64::MAX)).await;
        ensure!(answer.status == 400 && answer.body["code"] == "invalid_query", "{path}: {}", answer.status);
    }
    ensure!(sent.elapsed() < AT_ONCE, "it took {:?}", sent.elapsed());
    Ok("400 invalid_query, at once".to_owned())
}
