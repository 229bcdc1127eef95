//! The relay: publishes the log to Kafka, every event once, in order.
//!
//! One event is one record. The producer is transactional with a fixed id: opening a session first fences every earlier one
//! (`init_transactions`), then reads the topic's committed tail and continues after it, so neither a crash nor a takeover repeats
//! or loses a record. PostgreSQL keeps the position reached per topic and cluster; a topic that is behind it has been recreated
//! or truncated, and the relay stops and says so rather than publish the log again. The record of an event that led to entries
//! says where their hash chain stood after them.
//!
//! The exchange never waits for the relay: trading goes on while Kafka is away, and the relay catches up.

mod chain_heads;
mod cloud_event;
mod session;
mod tail;

use std::time::Duration;

use rdkafka::error::KafkaError;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::journal::{JournalError, LogReader};
use crate::telemetry::Metrics;
use crate::{Clock, Database};

pub(crate) use chain_heads::{BookHeads, ChainHead};
pub(crate) use cloud_event::{BOXES_HEADER, LEDGER_HEADERS, SEQUENCE_HEADER, attributes};

use chain_heads::ChainHeads;
use session::Session;

/// Events in one Kafka transaction.
const EVENTS_PER_TRANSACTION_MAX: usize = 2_000;
/// The pause before a new session after a failure.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Where and how to publish.
#[derive(Clone, Debug)]
pub struct RelayConfig {
    /// The brokers, as `host:port,…`.
    pub brokers: String,
    /// The topic, which exists.
    pub topic: String,
    /// The producer's fixed transactional id: one per deployment.
    pub transactional_id: String,
    /// Whether the brokers lose everything with this process: then the log is published again from its start.
    pub brokers_are_volatile: bool,
}

/// What the relay is doing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RelayStatus {
    /// It looks for the brokers.
    Connecting,
    /// It has published every event up to this sequence.
    Published(u64),
    /// It was interrupted and tries again; this is why.
    Interrupted(String),
    /// It has stopped until an operator acts; this is why.
    Stopped(String),
}

/// The relay at work.
#[derive(Clone)]
pub struct Relay {
    status: watch::Receiver<RelayStatus>,
}

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error("Kafka: {0}")]
    Kafka(#[from] KafkaError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("PostgreSQL: {0}")]
    Database(#[from] tokio_postgres::Error),
    #[error("the topic {topic} has no partitions")]
    NoTopic { topic: String },
    #[error(
        "the topic {topic} of cluster {cluster} ends at event {tail}, but {stored} events had been published to it: it was \
         recreated or truncated. Restore it, or publish to a new topic by changing kafka_topic"
    )]
    TopicBehind { topic: String, cluster: String, tail: u64, stored: u64 },
    #[error(
        "partition {partition} of the topic {topic} lost records that had been published to it: it was recreated or truncated. \
         Restore it, or publish to a new topic by changing kafka_topic"
    )]
    TopicShrunk { topic: String, partition: i32 },
    #[error(
        "the topic {topic} of cluster {cluster} ends at event {tail}, but the log has only {head} events: it carries another \
         log. Publish to a new topic by changing kafka_topic, or restore the database that it belongs to"
    )]
    TopicAhead { topic: String, cluster: String, tail: u64, head: u64 },
    #[error("the brokers do not tell which cluster they form")]
    NoClusterId,
    #[error("partition {partition} of the topic {topic} ends in a transaction of another producer that is still open")]
    OpenTransaction { topic: String, partition: i32 },
    #[error("another process leads and publishes now")]
    Superseded,
}

impl RelayError {
    /// Whether trying again would do harm or no good.
    fn is_final(&self) -> bool {
        matches!(self, Self::TopicBehind { .. } | Self::TopicAhead { .. } | Self::TopicShrunk { .. } | Self::Superseded)
    }
}

impl Relay {
    /// Starts publishing on a thread of its own. `epoch` is the one under which this process leads.
    ///
    /// # Errors
    /// The operating system's error when it grants no thread.
    pub fn start(
        config: RelayConfig,
        database: Database,
        log: LogReader,
        epoch: i64,
        clock: Clock,
        metrics: Metrics,
    ) -> std::io::Result<Self> {
        let (sender, status) = watch::channel(RelayStatus::Connecting);
        let publisher = Publisher { config, database, log, epoch, clock, metrics, status: sender };
        let runtime = Handle::current();
        std::thread::Builder::new().name("relay".into()).spawn(move || publisher.run(&runtime))?;
        Ok(Self { status })
    }

    /// What it is doing.
    pub fn status(&self) -> RelayStatus {
        self.status.borrow().clone()
    }
}

/// The relay's thread. The producer's calls block, so it has one of its own.
struct Publisher {
    config: RelayConfig,
    database: Database,
    log: LogReader,
    epoch: i64,
    clock: Clock,
    metrics: Metrics,
    status: watch::Sender<RelayStatus>,
}

impl Publisher {
    fn run(self, runtime: &Handle) {
        loop {
            match self.publish_until_error(runtime) {
                Ok(()) => return,
                Err(stop) if stop.is_final() => {
                    tracing::error!(reason = %stop, "the relay has stopped; trading goes on");
                    self.status.send_replace(RelayStatus::Stopped(stop.to_string()));
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, "publishing is interrupted; trying again");
                    self.status.send_replace(RelayStatus::Interrupted(error.to_string()));
                }
            }
            if self.status.is_closed() {
                return;
            }
            std::thread::sleep(RETRY_PAUSE);
        }
    }

    /// Ends without an error when nobody follows the relay any more.
    fn publish_until_error(&self, runtime: &Handle) -> Result<(), RelayError> {
        self.require_lead(runtime)?;
        let session = Session::open(&self.config)?;
        let tail = tail::read(&self.config)?;
        session.continue_after(&tail);
        let mut position = tail.sequence;
        runtime.block_on(self.check_position(session.cluster(), position))?;
        let mut chain = runtime.block_on(ChainHeads::after(&self.database, position))?;
        tracing::info!(topic = self.config.topic, position, "publishing the log");
        let mut heads = self.log.subscribe();
        loop {
            self.status.send_replace(RelayStatus::Published(position));
            let head = *heads.borrow_and_update();
            self.metrics.relay_lag_events.set(i64::try_from(head.saturating_sub(position)).unwrap_or(i64::MAX));
            let rows = runtime.block_on(self.log.after(position, EVENTS_PER_TRANSACTION_MAX))?;
            let Some(last) = rows.last() else {
                let go_on = runtime.block_on(async {
                    tokio::select! {
                        changed = heads.changed() => changed.is_ok(),
                        () = self.status.closed() => false,
                    }
                });
                if go_on {
                    continue;
                }
                return Ok(());
            };
            let until = last.record.sequence;
            let chain_heads = runtime.block_on(chain.up_to(&self.database, until, rows.len()))?;
            session.publish(&rows, &chain_heads)?;
            position = until;
            let age = self.clock.now().micros() - last.record.at.micros();
            self.metrics.relay_lag_seconds.set(Duration::from_micros(u64::try_from(age).unwrap_or(0)).as_secs_f64());
            runtime.block_on(self.store_position(session.cluster(), position))?;
        }
    }

    /// A session fences the one before it, so only the leader may open one.
    fn require_lead(&self, runtime: &Handle) -> Result<(), RelayError> {
        let epoch: i64 = runtime.block_on(async {
            let client = self.database.get().await.map_err(JournalError::from)?;
            let row = client.query_one("SELECT epoch FROM leadership", &[]).await?;
            Ok::<_, RelayError>(row.get(0))
        })?;
        if epoch == self.epoch { Ok(()) } else { Err(RelayError::Superseded) }
    }

    async fn check_position(&self, cluster: &str, tail: u64) -> Result<(), RelayError> {
        let (topic, cluster) = (self.config.topic.clone(), cluster.to_owned());
        // Only committed events are published, so a topic of this log never ends after its head.
        let head = self.log.head();
        if tail > head {
            return Err(RelayError::TopicAhead { topic, cluster, tail, head });
        }
        if self.config.brokers_are_volatile {
            return Ok(());
        }
        let client = self.database.get().await.map_err(JournalError::from)?;
        let statement = "SELECT sequence FROM relay_positions WHERE topic = $1 AND cluster = $2";
        let row = client.query_opt(statement, &[&topic, &cluster]).await?;
        let stored = row.map_or(0, |row| u64::try_from(row.get::<_, i64>(0)).unwrap_or(0));
        if tail < stored {
            return Err(RelayError::TopicBehind { topic, cluster, tail, stored });
        }
        Ok(())
    }

    async fn store_position(&self, cluster: &str, position: u64) -> Result<(), RelayError> {
        if self.config.brokers_are_volatile {
            return Ok(());
        }
        let client = self.database.get().await.map_err(JournalError::from)?;
        let statement = "INSERT INTO relay_positions (topic, cluster, sequence) VALUES ($1, $2, $3) \
                         ON CONFLICT (topic, cluster) DO UPDATE SET sequence = excluded.sequence";
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        client.execute(statement, &[&self.config.topic, &cluster, &position]).await?;
        Ok(())
    }
}
