//! An open-loop load generator on a thread of its own.
//!
//! Orders are due at a fixed rate whatever becomes of those before, and latency counts from the instant at which an order was
//! due. Both the number of orders and the number under way are bounded: behind the bound the generator waits, and the wait counts.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::latency::Latencies;
use super::processor_time;
use super::table::per_second;

const THREAD: &str = "bench-load";

/// How orders are offered.
#[derive(Clone, Copy)]
pub(super) struct Offer {
    /// Orders per second; nothing when each is due as soon as it may be under way.
    pub rate: Option<u32>,
    /// Orders under way at once.
    pub in_flight_max: usize,
}

/// What came of it.
pub(super) struct Offered {
    pub accepted: usize,
    pub failed: usize,
    /// Accepted orders per second, from the first due to the last answered.
    pub rate: u64,
    /// How long it took from the first due to the last answered.
    pub took: Duration,
    pub latencies: Latencies,
    /// The generator's share of one processor, in percent.
    pub generator_percent: Option<u64>,
}

/// The generator's thread.
pub(super) struct Generator(Runtime);

impl Generator {
    pub fn start() -> anyhow::Result<Self> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name(THREAD).enable_all().build();
        Ok(Self(runtime.context("the generator's thread")?))
    }

    /// Offers every order and waits for all answers. `send` tells whether an order was accepted.
    pub async fn offer<T, F>(
        &self,
        offer: Offer,
        orders: Vec<T>,
        send: impl Fn(T) -> F + Send + 'static,
    ) -> anyhow::Result<Offered>
    where
        T: Send + 'static,
        F: Future<Output = bool> + Send + 'static,
    {
        let used = processor_time::of_threads(THREAD);
        let mut offered = self.0.spawn(offer_all(offer, orders, send)).await?;
        // Nothing before only means that the thread had not taken its name yet.
        let used = processor_time::of_threads(THREAD).map(|after| after.saturating_sub(used.unwrap_or_default()));
        offered.generator_percent = used.map(|used| percent(used, offered.took));
        Ok(offered)
    }

    /// Ends the thread without waiting for it, as an asynchronous caller must.
    pub fn stop(self) {
        self.0.shutdown_background();
    }
}

fn percent(used: Duration, took: Duration) -> u64 {
    u64::try_from(used.as_nanos() * 100 / took.as_nanos().max(1)).unwrap_or(u64::MAX)
}

async fn offer_all<T, F>(offer: Offer, orders: Vec<T>, send: impl Fn(T) -> F) -> Offered
where
    T: Send + 'static,
    F: Future<Output = bool> + Send + 'static,
{
    let in_flight = Arc::new(Semaphore::new(offer.in_flight_max));
    let mut under_way = JoinSet::new();
    let (mut accepted, mut failed, mut latencies) = (0, 0, Latencies::new());
    let mut count = |answer: Result<(bool, Duration), _>| match answer {
        Ok((true, latency)) => {
            accepted += 1;
            latencies.record(latency);
        }
        Ok((false, _)) | Err(_) => failed += 1,
    };
    let start = Instant::now();
    for (index, order) in (0u32..).zip(orders) {
        let due = match offer.rate {
            Some(rate) => start + Duration::from_secs(1) * index / rate,
            None => start,
        };
        tokio::time::sleep_until(due).await;
        let permit = Arc::clone(&in_flight).acquire_owned().await;
        let due = if offer.rate.is_some() { due } else { Instant::now() };
        let answer = send(order);
        under_way.spawn(async move {
            let accepted = answer.await;
            drop(permit);
            (accepted, due.elapsed())
        });
        while let Some(answer) = under_way.try_join_next() {
            count(answer);
        }
    }
    while let Some(answer) = under_way.join_next().await {
        count(answer);
    }
    let took = start.elapsed();
    let rate = per_second(accepted, took);
    Offered { accepted, failed, rate, took, latencies, generator_percent: None }
}

impl Offered {
    /// What to say beside the numbers.
    pub fn remarks(&self, first: String) -> String {
        let generator = self.generator_percent.map(|percent| format!("generator {percent} % of a core"));
        let failed = (self.failed > 0).then(|| format!("{} not accepted", self.failed));
        [Some(first), generator, failed].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}
