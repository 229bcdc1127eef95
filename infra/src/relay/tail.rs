//! The committed tail of a topic: the last event that readers can see.

use std::collections::BTreeMap;
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

/// Where a topic ends.
pub(super) struct Tail {
    /// The highest event sequence among the topic's committed records; 0 when it has none.
    pub sequence: u64,
    /// The next offset of each partition.
    pub ends: BTreeMap<i32, i64>,
}

/// Finds the highest event sequence among the topic's committed records.
///
/// Records are published in the order of the log and a transaction at a time, so everything up to it is there. Call it after
/// fencing: then no transaction of ours is open. One of a foreign producer would hide committed records behind it, so the tail
/// cannot be told until that has ended.
pub(super) fn read(config: &RelayConfig) -> Result<Tail, RelayError> {
    let committed = consumer(config, "read_committed")?;
    let written = consumer(config, "read_uncommitted")?;
    let metadata = committed.fetch_metadata(Some(&config.topic), PATIENCE)?;
    let topic = metadata.topics().first().filter(|topic| topic.error().is_none() && !topic.partitions().is_empty());
    let topic = topic.ok_or_else(|| RelayError::NoTopic { topic: config.topic.clone() })?;
    let mut tail = Tail { sequence: 0, ends: BTreeMap::new() };
    for partition in topic.partitions() {
        let (topic, partition) = (&config.topic, partition.id());
        let (low, high) = committed.fetch_watermarks(topic, partition, PATIENCE)?;
        if !config.brokers_are_volatile && high < written.fetch_watermarks(topic, partition, PATIENCE)?.1 {
            return Err(RelayError::OpenTransaction { topic: topic.clone(), partition });
        }
        tail.sequence = tail.sequence.max(read_partition(&committed, topic, partition, low, high)?);
        tail.ends.insert(partition, high);
    }
    Ok(tail)
}

/// A consumer whose view of a partition's end is that of the isolation level.
fn consumer(config: &RelayConfig, isolation_level: &str) -> Result<BaseConsumer, RelayError> {
    let consumer = ClientConfig::new()
        .set("bootstrap.servers", &config.brokers)
        .set("group.id", &config.transactional_id)
        .set("enable.auto.commit", "false")
        .set("isolation.level", isolation_level)
        .set("enable.partition.eof", "true")
        .create()?;
    Ok(consumer)
}

fn read_partition(
    consumer: &BaseConsumer,
    topic: &str,
    partition: i32,
    low: i64,
    high: i64,
) -> Result<u64, RelayError> {
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
