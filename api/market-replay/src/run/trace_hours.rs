//! The trace hour by hour: what is sent in each, and the exchange's clock between them.
//!
//! What the trace does within an hour is sent shortly before that hour starts and before its gate: a pod created in an
//! hour takes part in that hour's auction, one deleted in it does not take part in the next one's. Auctions, deliveries
//! and expiries happen while the clock moves to the next hour in which something is sent.

use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::error::ReplayError;
use super::generator::{Generator, ReadyOrder};
use super::run_id::RunId;
use super::session::{Account, Exchange};
use super::wire;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The clock stands so long before the hour while its orders are sent; twice the gate of the replay's markets.
const BEFORE_THE_HOUR: SignedDuration = SignedDuration::from_mins(10);
/// The clock moves by at most a day at a time, so that each request is answered soon.
const STEP: SignedDuration = SignedDuration::from_hours(24);
/// Cancellations under way at once.
const CONCURRENCY: usize = 8;

/// A spot bid whose pods are gone.
#[derive(Debug)]
pub(super) struct Cancellation {
    /// The bid's key in the plan.
    pub(super) key: String,
    pub(super) account: Arc<Account>,
}

/// What is sent in one hour, cancellations first.
#[derive(Debug, Default)]
pub(super) struct TraceHour {
    /// Hours since the origin.
    pub(super) hour: u64,
    pub(super) cancellations: Vec<Cancellation>,
    pub(super) orders: Vec<ReadyOrder>,
}

/// Plays hours one after the other.
#[derive(Debug)]
pub(super) struct Player<'a> {
    pub(super) exchange: &'a Exchange,
    pub(super) operator: &'a Account,
    pub(super) run: &'a RunId,
    pub(super) origin: Timestamp,
    /// Where the clock was set last.
    pub(super) now: Timestamp,
    /// Ids of the bids that were to be cancelled.
    pub(super) cancelled: BTreeSet<String>,
}

impl Player<'_> {
    /// Plays the hours in their order.
    pub(super) async fn play(&mut self, hours: Vec<TraceHour>, generator: &mut Generator) -> Result<(), ReplayError> {
        for TraceHour { hour, cancellations, orders } in hours {
            self.move_clock(hour).await?;
            let ids: Vec<(Cancellation, String)> = cancellations
                .into_iter()
                .filter_map(|cancellation| {
                    let id = generator.id_of(&cancellation.key)?.to_owned();
                    Some((cancellation, id))
                })
                .collect();
            self.cancelled.extend(ids.iter().map(|(_, id)| id.clone()));
            let exchange = self.exchange;
            let mut cancelling = stream::iter(&ids)
                .map(|(cancellation, id)| exchange.delete(&cancellation.account, format!("/v1/orders/{id}")))
                .buffer_unordered(CONCURRENCY);
            // Whether the bids have ended is checked in the end; an answer that was lost makes no difference to that.
            while let Some(answer) = cancelling.next().await {
                answer?;
            }
            generator.offer(orders).await?;
        }
        Ok(())
    }

    async fn move_clock(&mut self, hour: u64) -> Result<(), ReplayError> {
        let late = || ReplayError::Task(format!("hour {hour} is beyond the end of the calendar"));
        let ahead = SignedDuration::from_hours(i64::try_from(hour).map_err(|_| late())?) - BEFORE_THE_HOUR;
        let target = self.origin.checked_add(ahead).map_err(|_| late())?;
        while self.now < target {
            let step = self.now.checked_add(STEP).map_or(target, |next| next.min(target));
            let body = wire::bytes(&json!({"now": step.to_string()}));
            let key = self.run.idempotency_key(&format!("clock {step}"));
            let answer = self.exchange.post(self.operator, "/v1/clock", &body, &key).await?;
            // A repeated request finds that the first one has moved the clock.
            if !answer.is_success() && answer.problem().code != "time_passed" {
                return Err(answer.refused(&format!("moving the clock to {step}")));
            }
            self.now = step;
        }
        Ok(())
    }
}
