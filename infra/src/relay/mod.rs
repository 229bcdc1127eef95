//! Relay: publishes the log to Kafka, every event once, in order.
//!
//! One event is one record. The producer is transactional with a fixed id: opening a session first fences every earlier
//! one (`init_transactions`), then reads the topic's committed tail and continues after it, so neither a crash nor a
//! takeover repeats or loses a record. PostgreSQL keeps the position reached per topic and cluster. Where the topic is
//! behind it, ahead of the log, or ends in records that are not the log's events, something was recreated, truncated or
//! restored: the relay stops rather than publish a fork, stores that it has stopped, and goes on when an operator says
//! so. The record of an event that led to entries says where their hash chain stood after them. An event that is too
//! long for a record has a stand-in on the topic.
//!
//! The exchange never waits for the relay: trading goes on while Kafka is away, and the relay catches up.

mod chain_heads;
mod cloud_event;
mod identity;
mod session;
mod stand_in;
mod stop;
mod tail;
mod topic;

use std::time::Duration;

use ledger::exact;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::brokers::Brokers;
use crate::journal::{JournalError, LogReader, stored};
use crate::telemetry::Metrics;
use crate::{Clock, Database};

pub use chain_heads::{BookHeads, ChainHead};
pub(crate) use cloud_event::{BOXES_HEADER, LEDGER_HEADERS, SEQUENCE_HEADER, attributes};
pub(crate) use stand_in::RecordValue;

use chain_heads::ChainHeads;
pub use stop::Stop;
pub use tail::{Tail, TailRecord};
pub use topic::{KafkaTopic, Topic, TopicError, TopicSession};

/// Number of events in one Kafka transaction.
const EVENTS_PER_TRANSACTION_MAX: usize = 2_000;
/// Pause before a new session after a failure.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Settings of publishing.
#[derive(Clone, Debug)]
pub struct RelayConfig {
    /// Brokers that carry the topic.
    pub brokers: Brokers,
    /// Name of the topic, which exists.
    pub topic: String,
    /// Fixed transactional id of the producer: one per deployment.
    pub transactional_id: String,
    /// Whether the brokers lose everything with this process: then the log is published again from its start.
    pub brokers_are_volatile: bool,
}

/// Activity of the relay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RelayStatus {
    /// Looks for the brokers.
    Connecting,
    /// Has published every event up to this sequence.
    Published(u64),
    /// Was interrupted for this reason, and tries again.
    Interrupted(String),
    /// Has stopped for this reason, until an operator acts.
    Stopped(String),
}

/// Handle of the running relay.
#[derive(Clone)]
pub struct Relay {
    status: watch::Receiver<RelayStatus>,
    database: Database,
    topic: String,
}

/// Reason why publishing ended.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Topic(#[from] TopicError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("PostgreSQL: {0}")]
    Database(#[from] tokio_postgres::Error),
    #[error(
        "the topic {topic} of cluster {cluster} ends at event {tail}, but {stored} events had been published to it: it was \
         recreated or truncated. Restore it, or publish to a new topic by changing kafka_topic"
    )]
    TopicBehind { topic: String, cluster: String, tail: u64, stored: u64 },
    #[error(
        "the topic {topic} of cluster {cluster} ends at event {tail}, but the log has only {head} events: it carries another \
         log. Publish to a new topic by changing kafka_topic, or restore the database that it belongs to"
    )]
    TopicAhead { topic: String, cluster: String, tail: u64, head: u64 },
    #[error(
        "the record of event {sequence} at the end of partition {partition} of the topic {topic} differs from the log's in \
         {difference}: the database was restored to an earlier state, or the topic carries another log. Publish to a new topic by \
         changing kafka_topic, or restore the database that it belongs to"
    )]
    TopicDiffers { topic: String, partition: i32, sequence: u64, difference: String },
    #[error("{}", .0.reason)]
    Stopped(Stop),
    #[error("another process leads and publishes now")]
    Superseded,
}

impl RelayError {
    /// Returns whether topic and log are no longer of one history, so that only an operator can tell how to go on.
    fn is_break(&self) -> bool {
        matches!(
            self,
            Self::TopicBehind { .. }
                | Self::TopicAhead { .. }
                | Self::TopicDiffers { .. }
                | Self::Topic(TopicError::Shrunk { .. })
        )
    }
}

impl Relay {
    /// Starts publishing on a thread of its own. `epoch` is the one under which this process leads.
    ///
    /// # Errors
    /// The operating system's error when it does not start a thread.
    pub fn start(
        topic: impl Topic + 'static,
        database: Database,
        log: LogReader,
        epoch: i64,
        clock: Clock,
        metrics: Metrics,
    ) -> std::io::Result<Self> {
        let (sender, status) = watch::channel(RelayStatus::Connecting);
        let relay = Self { status, database: database.clone(), topic: topic.name().to_owned() };
        let topic = Box::new(topic);
        let publisher = Publisher { topic, database, log, epoch, clock, metrics, status: sender };
        let runtime = Handle::current();
        std::thread::Builder::new().name("relay".into()).spawn(move || publisher.run(&runtime))?;
        Ok(relay)
    }

    /// Returns the name of the topic that it publishes to.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Returns the stop that keeps it from publishing until an operator lifts it; `None` when there is none.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn stop(&self) -> Result<Option<Stop>, JournalError> {
        stop::standing(&self.database, &self.topic).await
    }

    /// Lifts a stop in the name of an operator's client. The relay then looks at the topic again, and stops again where
    /// what it finds is no better. Returns whether there was such a stop.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be written.
    pub async fn resume(&self, stop: i64, by: &str) -> Result<bool, JournalError> {
        stop::lift(&self.database, &self.topic, stop, by).await
    }

    /// Returns what it is doing.
    pub fn status(&self) -> RelayStatus {
        self.status.borrow().clone()
    }
}

/// Thread of the relay. The producer's calls block, so it has one of its own.
struct Publisher {
    topic: Box<dyn Topic>,
    database: Database,
    log: LogReader,
    epoch: i64,
    clock: Clock,
    metrics: Metrics,
    status: watch::Sender<RelayStatus>,
}

impl Publisher {
    fn run(self, runtime: &Handle) {
        // A stop that is not stored yet. What it was found by may not show a second time.
        let mut unstored: Option<String> = None;
        loop {
            let outcome = match &unstored {
                Some(reason) => {
                    runtime.block_on(stop::record(&self.database, self.topic.name(), reason)).map_err(Into::into)
                }
                None => self.publish_until_error(runtime),
            };
            match outcome {
                Ok(()) if unstored.is_some() => unstored = None,
                Ok(()) => return,
                Err(end @ RelayError::Superseded) => {
                    self.stopped(end.to_string());
                    return;
                }
                Err(found) if found.is_break() => {
                    self.stopped(found.to_string());
                    if !self.topic.is_volatile() {
                        unstored = Some(found.to_string());
                        continue;
                    }
                    return;
                }
                Err(RelayError::Stopped(stop)) => self.stopped(stop.reason),
                Err(error) => {
                    tracing::warn!(%error, "publishing is interrupted; trying again");
                    if unstored.is_none() {
                        self.status.send_replace(RelayStatus::Interrupted(error.to_string()));
                    }
                }
            }
            if self.status.is_closed() {
                return;
            }
            std::thread::sleep(RETRY_PAUSE);
        }
    }

    /// Reports that it has stopped, once.
    fn stopped(&self, reason: String) {
        let stopped = RelayStatus::Stopped(reason);
        if *self.status.borrow() != stopped {
            if let RelayStatus::Stopped(reason) = &stopped {
                tracing::error!(reason, "the relay has stopped; trading goes on");
            }
            self.status.send_replace(stopped);
        }
    }

    /// Publishes until an error. Ends without one when nobody follows the relay any more.
    fn publish_until_error(&self, runtime: &Handle) -> Result<(), RelayError> {
        self.require_lead(runtime)?;
        if let Some(stop) = runtime.block_on(stop::standing(&self.database, self.topic.name()))? {
            return Err(RelayError::Stopped(stop));
        }
        // One that it stood at may have been lifted.
        self.status.send_if_modified(|status| {
            let stopped = matches!(status, RelayStatus::Stopped(_));
            if stopped {
                *status = RelayStatus::Connecting;
            }
            stopped
        });
        let session = self.topic.open()?;
        let mut position = session.tail().sequence;
        runtime.block_on(self.check_continuity(session.cluster(), session.tail()))?;
        let mut chain = runtime.block_on(ChainHeads::after(&self.database, position))?;
        tracing::info!(topic = self.topic.name(), position, "publishing the log");
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

    /// Checks that this process still leads. A session fences the one before it, so only the leader may open one.
    fn require_lead(&self, runtime: &Handle) -> Result<(), RelayError> {
        let epoch: i64 = runtime.block_on(async {
            let client = self.database.get().await.map_err(JournalError::from)?;
            let row = client.query_one("SELECT epoch FROM leadership", &[]).await?;
            Ok::<_, RelayError>(row.get(0))
        })?;
        if epoch == self.epoch { Ok(()) } else { Err(RelayError::Superseded) }
    }

    /// Checks that the topic ends where this log has been published to.
    async fn check_continuity(&self, cluster: &str, topic_tail: &Tail) -> Result<(), RelayError> {
        let tail = topic_tail.sequence;
        let (topic, cluster) = (self.topic.name().to_owned(), cluster.to_owned());
        // Only committed events are published, so a topic of this log never ends after its head.
        let head = self.log.head();
        if tail > head {
            return Err(RelayError::TopicAhead { topic, cluster, tail, head });
        }
        if self.topic.is_volatile() {
            return Ok(());
        }
        let client = self.database.get().await.map_err(JournalError::from)?;
        let statement = "SELECT sequence FROM relay_positions WHERE topic = $1 AND cluster = $2";
        let row = client.query_opt(statement, &[&topic, &cluster]).await?;
        let stored = row.map_or(Ok(0), |row| stored("the position of the relay", row.get::<_, i64>(0)))?;
        if tail < stored {
            return Err(RelayError::TopicBehind { topic, cluster, tail, stored });
        }
        drop(client);
        identity::check(&self.database, &self.log, &topic, &topic_tail.records).await
    }

    async fn store_position(&self, cluster: &str, position: u64) -> Result<(), RelayError> {
        if self.topic.is_volatile() {
            return Ok(());
        }
        let client = self.database.get().await.map_err(JournalError::from)?;
        let statement = "INSERT INTO relay_positions (topic, cluster, sequence) VALUES ($1, $2, $3) \
                         ON CONFLICT (topic, cluster) DO UPDATE SET sequence = excluded.sequence";
        let position: i64 = exact(position);
        client.execute(statement, &[&self.topic.name(), &cluster, &position]).await?;
        Ok(())
    }
}
