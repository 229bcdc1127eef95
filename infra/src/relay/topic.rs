//! Access to the topic: sessions that fence each other, and publish several events or none of them.
//!
//! The relay knows Kafka only by these traits, so that a simulation can put a model behind them. The conformance suite
//! of the end-to-end tests checks what an implementation has to keep. Calls block their thread.

use std::sync::Arc;

use ledger::Map;
use rdkafka::error::KafkaError;

use super::session::Session;
use super::tail::{self, Tail};
use super::{BookHeads, RelayConfig};
use crate::journal::LogRow;

/// Topic that carries the log.
pub trait Topic: Send {
    /// Returns the name of the topic.
    fn name(&self) -> &str;

    /// Returns whether it loses everything with this process.
    fn is_volatile(&self) -> bool;

    /// Opens a session after which no earlier one can publish, and finds where the topic ends then.
    ///
    /// # Errors
    /// [`TopicError`] when the brokers are away, there is no such topic, or another producer's transaction hides its end.
    fn open(&self) -> Result<Box<dyn TopicSession>, TopicError>;
}

/// Right to publish to a topic, until another session takes it or an error ends it.
pub trait TopicSession {
    /// Returns the id of the cluster that carries the topic.
    fn cluster(&self) -> &str;

    /// Returns where the topic ended when the session was opened.
    fn tail(&self) -> &Tail;

    /// Publishes a record for each row, in order: readers of committed records see all of them or none. `heads` has the
    /// chains' heads after those events that led to entries.
    ///
    /// # Errors
    /// [`TopicError`] when they cannot be published, or the topic lost records since the session was opened. The session is over.
    fn publish(&self, rows: &[Arc<LogRow>], heads: &Map<u64, BookHeads>) -> Result<(), TopicError>;
}

/// Reason why a session could not be opened, or ended.
#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    /// The brokers are away, or refused what was asked.
    #[error("Kafka: {0}")]
    Kafka(#[from] KafkaError),
    /// There is no such topic.
    #[error("the topic {topic} has no partitions")]
    NoTopic {
        /// Name of the topic.
        topic: String,
    },
    /// The brokers are too old to name their cluster.
    #[error("the brokers do not tell which cluster they form")]
    NoClusterId,
    /// An open transaction hides what may have been committed after it.
    #[error("partition {partition} of the topic {topic} ends in a transaction of another producer that is still open")]
    OpenTransaction {
        /// Name of the topic.
        topic: String,
        /// Partition that has the transaction.
        partition: i32,
    },
    /// The topic is not the one that was published to.
    #[error(
        "partition {partition} of the topic {topic} lost records that had been published to it: it was recreated or truncated. \
         Restore it, or publish to a new topic by changing kafka_topic"
    )]
    Shrunk {
        /// Name of the topic.
        topic: String,
        /// Partition that lost records.
        partition: i32,
    },
}

/// Topic of Apache Kafka.
#[derive(Debug)]
pub struct KafkaTopic {
    config: RelayConfig,
}

impl KafkaTopic {
    /// Makes the topic that the settings name. Does not connect yet.
    pub fn new(config: RelayConfig) -> Self {
        Self { config }
    }
}

impl Topic for KafkaTopic {
    fn name(&self) -> &str {
        &self.config.topic
    }

    fn is_volatile(&self) -> bool {
        self.config.brokers_are_volatile
    }

    fn open(&self) -> Result<Box<dyn TopicSession>, TopicError> {
        // The tail can be told only after fencing: then no transaction of an earlier session is open.
        let fenced = Session::open(&self.config)?;
        Ok(Box::new(fenced.after(tail::read(&self.config)?)))
    }
}
