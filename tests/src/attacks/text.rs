//! Texts that cannot be stored, shown or published.

use std::collections::BTreeMap;

use anyhow::ensure;
use api::auth::Role;
use futures::FutureExt as _;
use futures::future::join_all;
use serde_json::{Value, json};

use super::{Attack, Stage};
use crate::client::Answer;

/// Deals that are sent at once.
const DEALS: usize = 22;

/// What texts can do.
pub(super) fn all() -> Vec<Attack> {
    vec![Attack {
        name: "nul_in_a_deal",
        what: "22 deals at once, each named \"x\\u0000y\"",
        before: "every order in the same batches answered 503 outcome_unknown: 36 of 4,528 came through",
        play: |stage| async move { nul_in_a_deal(stage).await }.boxed(),
    }]
}

/// A sponsor sends deals whose name has a NUL, which no text column of the database takes.
///
/// # Errors
/// When the sponsor cannot be admitted, or a deal is answered with a failure of the server.
pub async fn nul_in_a_deal(stage: &Stage) -> anyhow::Result<String> {
    let sponsor = "hostile-sponsor";
    stage.operator().post("/v1/organizations", &json!({"id": sponsor, "name": "Sponsor"})).await;
    let mut deal: Value = serde_json::from_str(include_str!("../../../infra/examples/box/reference.json"))?;
    deal["sponsor"] = sponsor.into();
    deal["name"] = "x\u{0}y".into();
    let client = stage.client(sponsor, Role::Provider);
    told(&join_all((0..DEALS).map(|_| client.post("/v1/boxes", &deal))).await)
}

/// How many answers there were of each kind.
///
/// # Errors
/// When one of them says that the server failed.
fn told(answers: &[Answer]) -> anyhow::Result<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for answer in answers {
        let code = answer.body["code"].as_str().unwrap_or("accepted");
        *counts.entry(format!("{} {code}", answer.status.as_u16())).or_default() += 1;
    }
    let counts: Vec<String> = counts.iter().map(|(kind, count)| format!("{count} × {kind}")).collect();
    let told = counts.join(", ");
    ensure!(answers.iter().all(|answer| !answer.status.is_server_error()), "{told}");
    Ok(told)
}
