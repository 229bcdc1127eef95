//! The committed tail of a topic: the last event that readers can see.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::cloud_event::SEQUENCE_HEADER;
use super::{RelayConfig, RelayError};

/// How long brokers may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How far before a partition's end the search begins. It widens where only transaction markers are found.
const FIRST_WINDOW: i64 = 64;

/// The highest event sequence among the topic's committed records; 0 when it has none.
///
/// Records are published in the order of the log and a transaction at a time, so everything up to it is there.
pub(super) fn read(config: &RelayConfig) -> Result<u64, RelayError> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &config.brokers)
        .set("group.id", &config.transactional_id)
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        .create()?;
    let metadata = consumer.fetch_metadata(Some(&config.topic), PATIENCE)?;
    let topic = metadata.topics().first().filter(|topic| topic.error().is_none() && !topic.partitions().is_empty());
    let topic = topic.ok_or_else(|| RelayError::NoTopic { topic: config.topic.clone() })?;
    let mut last = 0;
    for partition in topic.partitions() {
        last = last.max(read_partition(&consumer, &config.topic, partition.id())?);
    }
    Ok(last)
}

fn read_partition(consumer: &BaseConsumer, topic: &str, partition: i32) -> Result<u64, RelayError> {
    let (low, high) = consumer.fetch_watermarks(topic, partition, PATIENCE)?;
    let mut window = FIRST_WINDOW;
    let mut from = high;
    while from > low {
        from = (high - window).max(low);
        if let Some(last) = last_sequence(consumer, topic, partition, from)? {
            return Ok(last);
        }
        window = window.saturating_mul(8);
    }
    Ok(0)
}

/// Reads from `from` to the partition's end and returns the last event's sequence.
fn last_sequence(consumer: &BaseConsumer, topic: &str, partition: i32, from: i64) -> Result<Option<u64>, RelayError> {
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(topic, partition, Offset::Offset(from))?;
    consumer.assign(&assignment)?;
    let deadline = Instant::now() + PATIENCE;
    let mut last = None;
    while Instant::now() < deadline {
        match consumer.poll(Duration::from_millis(200)) {
            None => {}
            Some(Ok(message)) => last = sequence_of(&message).or(last),
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(last),
            Some(Err(error)) => return Err(error.into()),
        }
    }
    Err(KafkaError::OffsetFetch(rdkafka::error::RDKafkaErrorCode::OperationTimedOut).into())
}

fn sequence_of(message: &BorrowedMessage<'_>) -> Option<u64> {
    let header = message.headers()?.iter().find(|header| header.key == SEQUENCE_HEADER)?;
    std::str::from_utf8(header.value?).ok()?.parse().ok()
}
