//! One producer session: from fencing the earlier ones to its first error.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use super::{RelayConfig, RelayError, cloud_event};
use crate::journal::LogRow;

/// How long fencing, committing and aborting may take.
const TRANSACTION_PATIENCE: Duration = Duration::from_secs(30);
/// How long the cluster's id may take.
const CLUSTER_ID_PATIENCE: Duration = Duration::from_secs(10);

/// A producer that has fenced every earlier one with its transactional id.
pub(super) struct Session {
    producer: BaseProducer,
    topic: String,
    cluster: String,
}

impl Session {
    /// Connects and fences. When it returns, no earlier session can commit any more.
    pub fn open(config: &RelayConfig) -> Result<Self, RelayError> {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &config.brokers)
            .set("transactional.id", &config.transactional_id)
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("compression.type", "lz4")
            .set("linger.ms", "1")
            .set("queue.buffering.max.messages", "100000")
            .create()?;
        producer.init_transactions(TRANSACTION_PATIENCE)?;
        let cluster = producer.client().fetch_cluster_id(CLUSTER_ID_PATIENCE).unwrap_or_default();
        Ok(Self { producer, topic: config.topic.clone(), cluster })
    }

    /// The cluster that the brokers form.
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// Publishes rows in one transaction: readers of committed records see all of them or none.
    pub fn publish(&self, rows: &[Arc<LogRow>]) -> Result<(), RelayError> {
        self.producer.begin_transaction()?;
        for row in rows {
            self.send(row)?;
        }
        self.producer.commit_transaction(TRANSACTION_PATIENCE)?;
        Ok(())
    }

    fn send(&self, row: &LogRow) -> Result<(), RelayError> {
        let key = row.record.event.key().to_string();
        let mut record = BaseRecord::to(&self.topic)
            .key(&key)
            .payload(&row.content)
            .timestamp(row.record.at.micros() / 1_000)
            .headers(cloud_event::headers(&row.record));
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
