//! One running instance of the exchange: database, sequencer, read models, relay and webhooks, put together.

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

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be reached or its log cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Webhooks cannot be sent.
    #[error(transparent)]
    Webhooks(#[from] WebhookError),
}

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
    /// The committed state for reads that compute.
    pub replica: Replica,
    /// The committed log.
    pub log: LogReader,
    /// The read models.
    pub read_models: ReadModels,
    /// How far invoices are.
    pub invoicing: Invoicing,
    /// The publisher.
    pub relay: Relay,
    /// Organizations' endpoints, and what sends to them.
    pub webhooks: Webhooks,
    /// What is counted and measured.
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
