//! Answers that take a processor for a while: so many at a time, so many that wait, and so many of these for one organization.

use std::sync::Arc;
use std::time::Duration;

use infra::config::Limits;
use infra::journal::LogReader;
use infra::node::Node;
use infra::replica::Replica;
use ledger::OrganizationId;
use matching::Exchange;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use crate::limits::{Occupancy, Place};
use crate::problem::{Problem, ProblemCode};

/// How long an answer waits for the replica to include what was committed when it was asked for.
const REPLICA_PATIENCE: Duration = Duration::from_secs(5);

/// The places of answers that are computed.
#[derive(Clone)]
pub struct Computing {
    replica: Replica,
    log: LogReader,
    /// Those that are computed, and those that wait to be.
    places: Arc<Occupancy<OrganizationId>>,
    turns: Arc<Semaphore>,
}

impl Computing {
    /// As many places as the settings say.
    pub fn new(node: &Node, limits: &Limits) -> Self {
        let in_all_max = limits.computing_max + limits.computing_waiting_max;
        Self {
            replica: node.replica.clone(),
            log: node.log.clone(),
            places: Occupancy::new(in_all_max, limits.computing_per_organization_max),
            turns: Arc::new(Semaphore::new(limits.computing_max)),
        }
    }

    /// Computes with the committed state, which includes everything that was committed when this was asked for. Commits do not wait
    /// for it, nor does anyone else's read of the view.
    ///
    /// # Errors
    /// A [`Problem`] with the code `too_busy` when there is no place, or `not_caught_up` when the state is not that far.
    pub async fn with_state<T: Send + 'static>(
        &self,
        organization: OrganizationId,
        compute: impl FnOnce(&Exchange) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let needed = self.log.head();
        let held = self.turn(organization).await?;
        if !self.replica.reached(needed, REPLICA_PATIENCE).await {
            let detail = format!("The state is not at {needed} yet, which the request needs.");
            return Err(Problem::new(ProblemCode::NotCaughtUp, detail));
        }
        let replica = self.replica.clone();
        let computing = spawn_blocking(move || {
            let _held = held;
            compute(&replica.blocking_read())
        });
        computing.await.map_err(|error| Problem::internal(&error))
    }

    /// Computes without the state.
    ///
    /// # Errors
    /// A [`Problem`] with the code `too_busy` when there is no place.
    pub async fn alone<T: Send + 'static>(
        &self,
        organization: OrganizationId,
        compute: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let held = self.turn(organization).await?;
        let computing = spawn_blocking(move || {
            let _held = held;
            compute()
        });
        computing.await.map_err(|error| Problem::internal(&error))
    }

    /// Waits for a turn, in a place. Both last until the computation is over, even if nobody waits for its answer any more.
    async fn turn(
        &self,
        organization: OrganizationId,
    ) -> Result<(Place<OrganizationId>, OwnedSemaphorePermit), Problem> {
        let busy = || {
            let detail = "As many answers are being computed, or wait to be, as the exchange takes at a time.";
            Problem::new(ProblemCode::TooBusy, detail)
        };
        let place = self.places.take(Some(organization)).ok_or_else(busy)?;
        let turn = self.turns.clone().acquire_owned().await.map_err(|error| Problem::internal(&error))?;
        Ok((place, turn))
    }
}
