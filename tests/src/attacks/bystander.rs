//! Somebody who goes on trading while others attack.

use std::time::{Duration, Instant};

use api::auth::Role;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::Stage;
use crate::client::{Answer, ApiClient, market};

/// Where the bystander trades, apart from every attack.
const MARKET: &str = "a10-24g-pcie-eth.us-tx-9";
/// The pause between two orders.
const PACE: Duration = Duration::from_millis(20);
/// The longest latency that is told apart from longer ones, in microseconds.
const LATENCY_MAX_MICROS: u64 = 60_000_000;

/// A buyer in a market of its own.
pub struct Bystander {
    client: ApiClient,
    stage: Stage,
}

/// How the bystander's orders fared.
pub struct Fared {
    /// The 99th percentile of the orders' latency.
    pub p99: Duration,
    /// Orders that were not placed.
    pub failed: u64,
    /// What the first of them was answered.
    pub first_failure: Option<String>,
    /// Orders that were tried.
    pub tried: u64,
}

impl Bystander {
    /// Opens the market and funds the buyer.
    ///
    /// # Errors
    /// What was answered instead.
    pub async fn arrive(stage: &Stage) -> anyhow::Result<Self> {
        let operator = stage.operator();
        operator.post("/v1/markets", &market(MARKET)).await.success()?;
        operator.post("/v1/organizations", &json!({"id": "bystander", "name": "Bystander"})).await.success()?;
        let deposit =
            json!({"organization": "bystander", "amount": "1000000.00", "currency": "USD", "reference": "wire"});
        operator.post("/v1/deposits", &deposit).await.success()?;
        Ok(Self::returned(stage))
    }

    /// The buyer where it has arrived before.
    pub fn returned(stage: &Stage) -> Self {
        Self { client: stage.client("bystander", Role::Buyer), stage: stage.clone() }
    }

    /// Places an order that rests.
    pub async fn order(&self) -> Answer {
        self.client.post("/v1/orders", &order()).await
    }

    /// Places and cancels orders, one every 20 ms, until told to end.
    ///
    /// # Errors
    /// When nothing could be measured.
    pub async fn trade(&self, mut end: watch::Receiver<bool>) -> anyhow::Result<Fared> {
        let mut latencies = Histogram::<u64>::new_with_max(LATENCY_MAX_MICROS, 3)?;
        let (mut failed, mut tried, mut first_failure) = (0, 0, None);
        let (mut due, mut set_up) = (Instant::now(), self.stage.times_set_up());
        while !*end.borrow_and_update() {
            tokio::time::sleep_until(due.into()).await;
            if self.stage.times_set_up() > set_up {
                set_up = self.stage.times_set_up();
                latencies.reset();
                (failed, tried, first_failure) = (0, 0, None);
            }
            // Counted from when the order was due, so that an answer that is late shows whatever it delayed.
            let answer = self.order().await;
            latencies.saturating_record(u64::try_from(due.elapsed().as_micros())?);
            tried += 1;
            match answer.body["id"].as_str() {
                Some(id) if answer.status == 201 => {
                    self.client.delete(&format!("/v1/orders/{id}")).await;
                }
                _ => {
                    failed += 1;
                    first_failure.get_or_insert_with(|| format!("{} {}", answer.status, answer.body["code"]));
                }
            }
            due = (due + PACE).max(Instant::now());
        }
        let p99 = Duration::from_micros(latencies.value_at_quantile(0.99));
        Ok(Fared { p99, failed, first_failure, tried })
    }
}

fn order() -> Value {
    json!({"side": "buy", "kind": "term", "market": MARKET, "gpus": 8, "limit_price": "0.0100",
           "window": {"start": "2037-03-01T00:00:00Z", "end": "2037-03-02T00:00:00Z"}})
}
