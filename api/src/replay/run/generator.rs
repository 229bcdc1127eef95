//! The open-loop generator: offers the orders in the plan's order at a fixed rate.
//!
//! Orders are sent in order, but up to [`IN_FLIGHT_MAX`] are under way at once and may reach the exchange in another
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
    /// From the instant at which the first order was due to the last answer.
    pub(super) took: Duration,
}

/// Offers all orders and waits for their answers.
pub(super) async fn offer(
    exchange: &Exchange,
    orders: Vec<ReadyOrder>,
    schedule: Schedule,
    mut progress: Progress,
) -> Result<Offered, ReplayError> {
    // At most one message per order: the channel is bounded by the plan.
    let (answered, mut answers) = mpsc::unbounded_channel();
    let start = Instant::now();
    let sender = tokio::spawn(send_all(exchange.clone(), orders, schedule, start, answered));
    let mut tally = Tally::new();
    let mut last = start;
    while let Some((at, acknowledgement)) = answers.recv().await {
        tally.add(acknowledgement);
        last = last.max(at);
        progress.advance();
    }
    let punctuality = sender.await.map_err(|error| ReplayError::Task(error.to_string()))?;
    progress.finish();
    Ok(Offered { tally, punctuality, took: last - start })
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
                Acknowledgement { side: order.side, market: order.market, latency: at - due, outcome };
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
