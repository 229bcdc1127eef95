//! Floods of requests for access tokens.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::ensure;
use api::auth::Role;
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use super::{Attack, Stage};
use crate::client::ApiClient;

/// Requests in a flood.
const FLOOD: usize = 1_000;
/// Requests of a flood that are under way at a time.
const AT_A_TIME: usize = 48;

/// The attacks.
pub(super) fn attacks() -> Vec<Attack> {
    vec![Attack {
        name: "token_flood",
        what: "asks for 1,000 tokens with wrong secrets, 48 at a time, while a bystander reads",
        before: "reads took 1 s with 48 at a time; 960 of 1,000 at once were answered 503, and 2.4 GB were taken",
        play: |stage| Box::pin(flood(stage)),
    }]
}

/// Asks for a token, and tells the status.
async fn ask(client: &ApiClient, id: &str, secret: &str) -> u16 {
    let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    client.send(client.request(Method::POST, "/oauth/token").form(&form)).await.status.as_u16()
}

async fn flood(stage: &Stage) -> anyhow::Result<String> {
    let created = stage.operator().post("/v1/organizations/secondwind/clients", &json!({"role": "auditor"})).await;
    let known = created.success()?["client_id"].as_str().unwrap_or_default().to_owned();
    let (attacker, bystander) = (stage.anonymous(), stage.client("acme", Role::Buyer));
    let secret = "0".repeat(64);
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    let (mut slowest, started) = (Duration::ZERO, Instant::now());
    for _ in 0..FLOOD.div_ceil(AT_A_TIME) {
        let asking = (0..AT_A_TIME).map(|place| {
            let id = if place % 2 == 0 { known.as_str() } else { "nobody" };
            ask(&attacker, id, &secret)
        });
        let reading = async {
            let sent = Instant::now();
            (bystander.get("/v1/clock").await.status, sent.elapsed())
        };
        let (asked, (status, took)) = futures::future::join(join_all(asking), reading).await;
        ensure!(status.is_success(), "the bystander got {status}");
        slowest = slowest.max(took);
        for status in asked {
            *statuses.entry(status).or_default() += 1;
        }
    }
    let took = started.elapsed();
    Ok(format!("{statuses:?} in {took:.1?}; a bystander's slowest read took {slowest:.0?}"))
}
