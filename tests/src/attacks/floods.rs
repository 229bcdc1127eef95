//! Floods of requests from one client.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::ensure;
use api::auth::Role;
use futures::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Attack, Stage};
use crate::client::{ApiClient, bid};

/// Requests of a flood that are under way at a time.
const AT_A_TIME: usize = 32;

/// The attacks.
pub(super) fn attacks() -> Vec<Attack> {
    vec![
        Attack {
            name: "order_flood",
            what: "sends 2,000 orders that rest far from the market, and batches of 100, as fast as it can",
            before: "all taken, at the others' cost",
            play: |stage| Box::pin(orders(stage)),
        },
        Attack {
            name: "quote_flood",
            what: "sends 500 quotes as fast as it can",
            before: "all computed at once, each with a lock that commits wait for",
            play: |stage| Box::pin(quotes(stage)),
        },
        Attack {
            name: "unknown_paths",
            what: "asks for 10,000 paths that there are not",
            before: "5,690 a second where /healthz came to 44,000, with a line in the log for each",
            play: |stage| Box::pin(unknown_paths(stage)),
        },
    ]
}

/// What a flood was answered, and what a bystander's slowest read took meanwhile.
struct Outcome {
    statuses: BTreeMap<u16, usize>,
    bystander: Duration,
    took: Duration,
}

async fn flood<F: Future<Output = u16>>(
    stage: &Stage,
    requests: usize,
    send: impl Fn(usize) -> F,
) -> anyhow::Result<Outcome> {
    let bystander = stage.client("north", Role::Provider);
    let started = Instant::now();
    let mut outcome = Outcome { statuses: BTreeMap::new(), bystander: Duration::ZERO, took: Duration::ZERO };
    for round in 0..requests.div_ceil(AT_A_TIME) {
        let answers = join_all((0..AT_A_TIME).map(|place| send(round * AT_A_TIME + place)));
        let read = async {
            let asked = Instant::now();
            (bystander.get("/v1/clock").await.status, asked.elapsed())
        };
        let (statuses, (status, took)) = join(answers, read).await;
        ensure!(status.is_success() || status == 429, "the bystander got {status}");
        outcome.bystander = outcome.bystander.max(took);
        for status in statuses {
            *outcome.statuses.entry(status).or_default() += 1;
        }
    }
    outcome.took = started.elapsed();
    Ok(outcome)
}

impl Outcome {
    fn told(&self) -> String {
        let Self { statuses, bystander, took } = self;
        format!("{statuses:?} in {took:.1?}; a bystander's slowest read took {bystander:.0?}")
    }
}

async fn post(client: &ApiClient, path: &str, body: &Value) -> u16 {
    client.post(path, body).await.status.as_u16()
}

async fn orders(stage: &Stage) -> anyhow::Result<String> {
    stage.open().await?;
    let acme = stage.client("acme", Role::Buyer);
    let order = bid(8, "0.0001", "2037-01-01T00:00:00Z", "2037-01-01T01:00:00Z");
    let outcome = flood(stage, 2_000, |_| post(&acme, "/v1/orders", &order)).await?;
    let batch = json!({"orders": vec![order; 100]});
    let batches = flood(stage, 64, |_| post(&acme, "/v1/orders/batch", &batch)).await?;
    acme.delete("/v1/orders").await.success()?;
    Ok(format!("orders {}; batches {}", outcome.told(), batches.told()))
}

async fn quotes(stage: &Stage) -> anyhow::Result<String> {
    stage.open().await?;
    let acme = stage.client("acme", Role::Buyer);
    let quote = bid(8, "2.0000", "2037-01-01T00:00:00Z", "2037-01-08T00:00:00Z");
    Ok(flood(stage, 500, |_| post(&acme, "/v1/quotes", &quote)).await?.told())
}

async fn unknown_paths(stage: &Stage) -> anyhow::Result<String> {
    stage.open().await?;
    let anyone = stage.anonymous();
    let get = async |path: String| anyone.send(anyone.request(Method::GET, &path)).await.status.as_u16();
    let unknown = flood(stage, 10_000, |number| get(format!("/nothing/{number}"))).await?;
    let health = flood(stage, 10_000, |_| get("/healthz".to_owned())).await?;
    Ok(format!("{}; /healthz {:.1?}", unknown.told(), health.took))
}
