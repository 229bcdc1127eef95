//! Node: one running instance of the exchange, with its database, sequencer, read models, relay and webhooks.

use std::sync::Arc;

use crate::invoicing::Invoicing;
use crate::journal::{JournalError, LogReader};
use crate::read_models::ReadModels;
use crate::relay::{KafkaTopic, Relay, RelayConfig};
use crate::replica::Replica;
use crate::sequencer::{Sequencer, View};
use crate::telemetry::Metrics;
use crate::webhooks::{WebhookError, WebhookSettings, Webhooks};
use crate::{Clock, Database};

/// Reason why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be reached or its log cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Webhooks cannot be sent.
    #[error(transparent)]
    Webhooks(#[from] WebhookError),
}

/// Parts of a node that HTTP handlers use.
#[derive(Clone)]
pub struct Node {
    /// Access to the database, for reads and for what is not in the log.
    pub database: Database,
    /// Source of the present.
    pub clock: Clock,
    /// Handle for submitting instructions.
    pub sequencer: Sequencer,
    /// State as of the last commit.
    pub view: View,
    /// Second copy of the committed state, for reads that compute.
    pub replica: Replica,
    /// Reader of the committed log.
    pub log: LogReader,
    /// Tables computed from the log, and their queries.
    pub read_models: ReadModels,
    /// Progress of invoicing.
    pub invoicing: Invoicing,
    /// Publisher of the log to Kafka.
    pub relay: Relay,
    /// Endpoints of organizations, and their deliveries.
    pub webhooks: Webhooks,
    /// Counters and measurements.
    pub metrics: Metrics,
}

impl Node {
    /// Takes the lead on a migrated database and starts everything.
    ///
    /// # Errors
    /// [`StartError`] when the database cannot be reached, its log cannot be read, or webhooks cannot be sent.
    pub async fn start(
        database: Database,
        clock: Clock,
        search: matching::Limits,
        relay: RelayConfig,
        webhooks: WebhookSettings,
    ) -> Result<Self, StartError> {
        let metrics = Metrics::default();
        database.watch();
        let started = Sequencer::start(Arc::new(database.clone()), clock.clone(), search, metrics.clone()).await?;
        let (sequencer, view, log) = (started.sequencer, started.view, started.log);
        let replica = Replica::start(&view, log.clone());
        let read_models = ReadModels::start(database.clone(), log.clone(), metrics.clone());
        let invoicing = Invoicing::start(database.clone(), log.clone());
        let webhooks = Webhooks::start(database.clone(), &read_models, webhooks, metrics.clone())?;
        let relay = Relay::start(
            KafkaTopic::new(relay),
            database.clone(),
            log.clone(),
            started.epoch,
            clock.clone(),
            metrics.clone(),
        );
        let relay = relay.map_err(JournalError::from)?;
        Ok(Self { database, clock, sequencer, view, replica, log, read_models, invoicing, relay, webhooks, metrics })
    }
}
