//! Producer session: from fencing the earlier ones to its first error.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ledger::Map;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};
use rdkafka::{ClientContext, Message};

use super::stand_in::RecordValue;
use super::tail::Tail;
use super::topic::{TopicError, TopicSession};
use super::{BookHeads, RelayConfig, cloud_event};
use crate::journal::LogRow;

/// Time that fencing may take before it is begun anew.
const FENCING_PATIENCE: Duration = Duration::from_secs(10);
/// Time that writing, committing or aborting may take.
const TRANSACTION_PATIENCE: Duration = Duration::from_secs(30);
/// Time that the cluster's id may take.
const CLUSTER_ID_PATIENCE: Duration = Duration::from_secs(10);
/// Longest pause before brokers that were away are tried again, in milliseconds.
const RECONNECT_PAUSE_MS: &str = "2000";

/// Longest record, with its key and headers, in bytes: the brokers' default limit. The producer's own default is less.
const RECORD_BYTES_MAX: &str = "1048588";

/// Watch that partitions only grow: a record that is written before the known end shows that the topic is not the one
/// that was published to so far.
#[derive(Default)]
struct Growth(Mutex<Ends>);

#[derive(Default)]
struct Ends {
    known: BTreeMap<i32, i64>,
    shrunk: Option<i32>,
}

impl Growth {
    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Growth {}

impl ProducerContext for Growth {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        // A record that was not delivered makes the commit fail, and one whose offset is not told tells nothing.
        let Ok(message) = result else { return };
        if message.offset() < 0 {
            return;
        }
        let mut ends = self.ends();
        let end = ends.known.entry(message.partition()).or_default();
        let before = std::mem::replace(end, message.offset() + 1);
        if message.offset() < before {
            ends.shrunk = Some(message.partition());
        }
    }
}

/// Producer that has fenced every earlier one with its transactional id.
pub(super) struct Session {
    producer: BaseProducer<Growth>,
    topic: String,
    cluster: String,
    tail: Tail,
}

impl Session {
    /// Connects and fences. When it returns, no earlier session can commit any more.
    pub fn open(config: &RelayConfig) -> Result<Self, TopicError> {
        let producer: BaseProducer<Growth> = config
            .brokers
            .client()
            .set("transactional.id", &config.transactional_id)
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("compression.type", "lz4")
            .set("linger.ms", "1")
            .set("queue.buffering.max.messages", "100000")
            .set("message.max.bytes", RECORD_BYTES_MAX)
            .set("reconnect.backoff.max.ms", RECONNECT_PAUSE_MS)
            .create_with_context(Growth::default())?;
        producer.init_transactions(FENCING_PATIENCE)?;
        let cluster = producer.client().fetch_cluster_id(CLUSTER_ID_PATIENCE).ok_or(TopicError::NoClusterId)?;
        Ok(Self { producer, topic: config.topic.clone(), cluster, tail: Tail::default() })
    }

    /// Returns the session with the topic's end after fencing. From there on it must grow.
    pub fn after(self, tail: Tail) -> Self {
        self.producer.context().ends().known.clone_from(&tail.ends);
        Self { tail, ..self }
    }

    fn send(&self, row: &LogRow, heads: Option<&BookHeads>) -> Result<(), TopicError> {
        let key = row.record.event.key().to_string();
        let value = RecordValue::of(row.record.sequence, &row.content);
        if value.is_stand_in {
            let (sequence, bytes) = (row.record.sequence, row.content.len());
            tracing::warn!(sequence, bytes, "an event is too long for a record; a stand-in is published for it");
        }
        let mut record = BaseRecord::to(&self.topic)
            .key(&key)
            .payload(&*value.bytes)
            .timestamp(row.record.at.micros() / 1_000)
            .headers(cloud_event::headers(&row.record, value.is_stand_in, heads));
        while let Err((error, unsent)) = self.producer.send(record) {
            if !matches!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)) {
                return Err(error.into());
            }
            // The producer's own buffer is full: serve its deliveries and offer the record again.
            self.producer.poll(Duration::from_millis(10));
            record = unsent;
        }
        Ok(())
    }
}

impl TopicSession for Session {
    fn cluster(&self) -> &str {
        &self.cluster
    }

    fn tail(&self) -> &Tail {
        &self.tail
    }

    fn publish(&self, rows: &[Arc<LogRow>], heads: &Map<u64, BookHeads>) -> Result<(), TopicError> {
        self.producer.begin_transaction()?;
        for row in rows {
            self.send(row, heads.get(&row.record.sequence))?;
        }
        self.producer.flush(TRANSACTION_PATIENCE)?;
        let shrunk = self.producer.context().ends().shrunk;
        if let Some(partition) = shrunk {
            // Without an abort, the broker would do it when the transaction times out.
            self.producer.abort_transaction(TRANSACTION_PATIENCE)?;
            return Err(TopicError::Shrunk { topic: self.topic.clone(), partition });
        }
        self.producer.commit_transaction(TRANSACTION_PATIENCE)?;
        Ok(())
    }
}
