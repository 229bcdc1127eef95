//! The open-loop generator: offers the orders of one hour of the trace after the other, in the plan's order, at a fixed
//! rate. All orders of an hour are answered before the exchange's clock moves on; that time is not part of the load.
//!
//! Within an hour orders are sent in order, but up to [`IN_FLIGHT_MAX`] are under way at once and may reach the exchange in another
//! order; what fills may thus differ a little from run to run. Every order is sent until it is answered, so a server
//! that is killed and started again in between has each of them exactly once.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use serde::Serialize;
use tokio::{
    sync::{Semaphore, TryAcquireError, mpsc},
    time::Instant,
};

use super::error::ReplayError;
use super::progress::Progress;
use super::schedule::Schedule;
use super::session::{Account, Exchange};
use super::tally::{Acknowledgement, Outcome, Side, Tally};

/// Orders under way at once. Behind this bound the generator waits, and the wait counts as latency.
const IN_FLIGHT_MAX: usize = 256;

/// An order ready to be sent.
#[derive(Debug)]
pub(super) struct ReadyOrder {
    /// Its key in the plan.
    pub(super) key: String,
    pub(super) side: Side,
    pub(super) market: String,
    pub(super) account: Arc<Account>,
    pub(super) body: Bytes,
    pub(super) idempotency_key: String,
}

/// How well the generator kept its schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Punctuality {
    /// Orders that waited because too many were under way.
    pub delayed: u64,
    /// The longest that an order was sent after it was due, for whatever reason, in microseconds.
    pub latest_micros: u64,
}

/// What came of an offer.
#[derive(Debug)]
pub(super) struct Offered {
    pub(super) tally: Tally,
    pub(super) punctuality: Punctuality,
    /// From the instant at which an hour's first order was due to its last answer, added up.
    pub(super) took: Duration,
}

/// Offers orders and adds up what comes of them.
#[derive(Debug)]
pub(super) struct Generator {
    exchange: Exchange,
    schedule: Schedule,
    progress: Progress,
    offered: Offered,
}

impl Generator {
    pub(super) fn new(exchange: Exchange, schedule: Schedule, progress: Progress) -> Self {
        let offered = Offered { tally: Tally::new(), punctuality: Punctuality::default(), took: Duration::ZERO };
        Self { exchange, schedule, progress, offered }
    }

    /// The id of an accepted order, by its key in the plan.
    pub(super) fn id_of(&self, key: &str) -> Option<&str> {
        self.offered.tally.ids.get(key).map(String::as_str)
    }

    /// Offers the orders of an hour and waits for their answers.
    pub(super) async fn offer(&mut self, orders: Vec<ReadyOrder>) -> Result<(), ReplayError> {
        // At most one message per order: the channel is bounded by the plan.
        let (answered, mut answers) = mpsc::unbounded_channel();
        let start = Instant::now();
        let sender = tokio::spawn(send_all(self.exchange.clone(), orders, self.schedule, start, answered));
        let mut last = start;
        while let Some((at, acknowledgement)) = answers.recv().await {
            self.offered.tally.add(acknowledgement);
            last = last.max(at);
            self.progress.advance();
        }
        let punctuality = sender.await.map_err(|error| ReplayError::Task(error.to_string()))?;
        self.offered.punctuality.delayed += punctuality.delayed;
        let latest = self.offered.punctuality.latest_micros.max(punctuality.latest_micros);
        self.offered.punctuality.latest_micros = latest;
        self.offered.took += last - start;
        Ok(())
    }

    /// What came of all orders.
    pub(super) fn finish(self) -> Offered {
        self.progress.finish();
        self.offered
    }
}

async fn send_all(
    exchange: Exchange,
    orders: Vec<ReadyOrder>,
    schedule: Schedule,
    start: Instant,
    answered: mpsc::UnboundedSender<(Instant, Acknowledgement)>,
) -> Punctuality {
    let in_flight = Arc::new(Semaphore::new(IN_FLIGHT_MAX));
    let mut punctuality = Punctuality::default();
    for (index, order) in orders.into_iter().enumerate() {
        let due = start + schedule.due(index);
        tokio::time::sleep_until(due).await;
        let permit = match in_flight.clone().try_acquire_owned() {
            Err(TryAcquireError::NoPermits) => {
                punctuality.delayed += 1;
                in_flight.clone().acquire_owned().await.ok()
            }
            other => other.ok(),
        };
        let late = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
        punctuality.latest_micros = punctuality.latest_micros.max(late);
        let (exchange, answered) = (exchange.clone(), answered.clone());
        tokio::spawn(async move {
            let outcome = send(&exchange, &order).await;
            let at = Instant::now();
            let acknowledgement =
                Acknowledgement { key: order.key, side: order.side, market: order.market, latency: at - due, outcome };
            // The receiver lives until every sender is gone.
            drop(answered.send((at, acknowledgement)));
            drop(permit);
        });
    }
    punctuality
}

async fn send(exchange: &Exchange, order: &ReadyOrder) -> Outcome {
    let answer = exchange.post(&order.account, "/v1/orders", &order.body, &order.idempotency_key).await;
    match answer {
        Ok(answer) if answer.is_success() => match answer.expect("POST /v1/orders") {
            Ok(order) => Outcome::Accepted(order),
            Err(error) => Outcome::Unanswered(error.to_string()),
        },
        Ok(answer) => Outcome::Refused(answer.problem().code),
        Err(error) => Outcome::Unanswered(error.to_string()),
    }
}
