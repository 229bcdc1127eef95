//! Amounts that no line of the ledger holds.

use anyhow::ensure;
use api::auth::Role;
use futures::FutureExt as _;
use serde_json::json;

use super::{Attack, Stage};
use crate::client::{bid, market};

/// Where it is played.
const MARKET: &str = "a100-80g-sxm4-ib.amounts-1";

/// What amounts can do.
pub(super) fn all() -> Vec<Attack> {
    vec![Attack {
        name: "unpayable_month",
        what: "a contract whose first period is an hour, and a later month more than a line of the ledger holds",
        before: "the process ended when the month fell due, and again after each start",
        play: |stage| async move { unpayable_month(stage).await }.boxed(),
    }]
}

/// Plays a bid whose contract would have a charge that the ledger cannot carry, and tells what is answered.
///
/// # Errors
/// When the bid is taken, or its seller and its buyer cannot be admitted.
pub async fn unpayable_month(stage: &Stage) -> anyhow::Result<String> {
    let operator = stage.operator();
    operator.post("/v1/markets", &market(MARKET)).await;
    for id in ["rich-seller", "rich-buyer"] {
        operator.post("/v1/organizations", &json!({"id": id, "name": id})).await.success()?;
    }
    let funds =
        json!({"organization": "rich-buyer", "amount": "1000000000000.00", "currency": "USD", "reference": "wire"});
    operator.post("/v1/deposits", &funds).await.success()?;
    let (seller, buyer) = (stage.client("rich-seller", Role::Provider), stage.client("rich-buyer", Role::Buyer));
    let (start, end) = ("2037-01-31T23:00:00Z", "2037-05-01T00:00:00Z");
    let lot = json!({"market": MARKET, "gpus": 1_424, "window": {"start": start, "end": end}, "fabric": "hall-1"});
    let lot = seller.post("/v1/lots", &lot).await.success()?["id"].clone();
    let ask = json!({"side": "sell", "kind": "term", "lot": lot, "gpus": 1_424, "limit_price": "1000000.0000"});
    seller.post("/v1/orders", &ask).await.success()?;
    let mut wanted = bid(1_424, "1000000.0000", start, end);
    (wanted["market"], wanted["billing"]) = (json!(MARKET), json!("calendar_month"));
    let answer = buyer.post("/v1/orders", &wanted).await;
    let code = answer.body["code"].as_str().unwrap_or("accepted").to_owned();
    ensure!(answer.status == 422, "{} {}", answer.status, answer.body);
    Ok(format!("422 {code}"))
}
