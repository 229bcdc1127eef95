//! One running instance of the exchange: database, sequencer, read models and relay, put together.

use crate::journal::{JournalError, LogReader};
use crate::projection::Projection;
use crate::relay::{Relay, RelayConfig};
use crate::sequencer::{Sequencer, View};
use crate::telemetry::Metrics;
use crate::{Clock, Database};

/// The parts that HTTP handlers use.
#[derive(Clone)]
pub struct Node {
    /// The database, for reads and for what is not in the log.
    pub database: Database,
    /// The present.
    pub clock: Clock,
    /// Takes instructions.
    pub sequencer: Sequencer,
    /// The committed state.
    pub view: View,
    /// The committed log.
    pub log: LogReader,
    /// How far the read models are.
    pub projection: Projection,
    /// The publisher.
    pub relay: Relay,
    /// What is counted and measured.
    pub metrics: Metrics,
}

impl Node {
    /// Takes the lead on a migrated database and starts everything.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be reached or its log cannot be read.
    pub async fn start(database: Database, clock: Clock, relay: RelayConfig) -> Result<Self, JournalError> {
        let metrics = Metrics::default();
        let started = Sequencer::start(database.clone(), clock.clone(), metrics.clone()).await?;
        let (sequencer, view, log) = (started.sequencer, started.view, started.log);
        let projection = Projection::start(database.clone(), log.clone(), metrics.clone());
        let relay = Relay::start(relay, database.clone(), log.clone(), started.epoch, clock.clone(), metrics.clone())?;
        Ok(Self { database, clock, sequencer, view, log, projection, relay, metrics })
    }
}
