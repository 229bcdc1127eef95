//! Committed tail of a topic: the last event that readers can see.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{Offset, TopicPartitionList};

use super::RelayConfig;
use super::cloud_event::SEQUENCE_HEADER;
use super::topic::TopicError;

/// Time that brokers may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Distance before a partition's end at which the search begins, in offsets. It widens where only transaction markers
/// are found.
const FIRST_WINDOW: i64 = 64;

/// End of a topic.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    /// Highest event sequence among the topic's committed records; 0 when it has none.
    pub sequence: u64,
    /// Next offset of each partition.
    pub ends: BTreeMap<i32, i64>,
    /// Last committed record of each partition that has one.
    pub records: Vec<TailRecord>,
}

/// Last event's record of a partition.
#[derive(Clone, Debug)]
pub struct TailRecord {
    /// Number of the partition.
    pub partition: i32,
    /// Sequence of the event that it names.
    pub sequence: u64,
    headers: Vec<(String, String)>,
}

impl TailRecord {
    /// Returns a header's value; `None` when it has no such header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Reads a record; `None` when it does not name an event.
    fn of(message: &BorrowedMessage<'_>) -> Option<Self> {
        let text = |value: Option<&[u8]>| Some(std::str::from_utf8(value?).ok()?.to_owned());
        let headers = message.headers()?.iter();
        let headers: Vec<_> = headers.filter_map(|header| Some((header.key.to_owned(), text(header.value)?))).collect();
        let sequence = headers.iter().find(|(name, _)| name == SEQUENCE_HEADER)?.1.parse().ok()?;
        Some(Self { partition: message.partition(), sequence, headers })
    }
}

/// Finds the highest event sequence among the topic's committed records.
///
/// Records are published in the order of the log and a transaction at a time, so everything up to it is there. Call it
/// after fencing: then no transaction of ours is open. One of a foreign producer would hide committed records behind
/// it, so the tail cannot be told until that has ended.
pub(super) fn read(config: &RelayConfig) -> Result<Tail, TopicError> {
    let committed = consumer(config, "read_committed")?;
    let written = consumer(config, "read_uncommitted")?;
    let metadata = committed.fetch_metadata(Some(&config.topic), PATIENCE)?;
    let topic = metadata.topics().first().filter(|topic| topic.error().is_none() && !topic.partitions().is_empty());
    let topic = topic.ok_or_else(|| TopicError::NoTopic { topic: config.topic.clone() })?;
    let mut tail = Tail { sequence: 0, ends: BTreeMap::new(), records: Vec::new() };
    for partition in topic.partitions() {
        let (topic, partition) = (&config.topic, partition.id());
        let (low, high) = committed.fetch_watermarks(topic, partition, PATIENCE)?;
        if !config.brokers_are_volatile && high < written.fetch_watermarks(topic, partition, PATIENCE)?.1 {
            return Err(TopicError::OpenTransaction { topic: topic.clone(), partition });
        }
        if let Some(last) = read_partition(&committed, topic, partition, low, high)? {
            tail.sequence = tail.sequence.max(last.sequence);
            tail.records.push(last);
        }
        tail.ends.insert(partition, high);
    }
    Ok(tail)
}

/// Makes a consumer whose view of a partition's end is that of the isolation level.
fn consumer(config: &RelayConfig, isolation_level: &str) -> Result<BaseConsumer, TopicError> {
    let consumer = config
        .brokers
        .client()
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
) -> Result<Option<TailRecord>, TopicError> {
    let mut window = FIRST_WINDOW;
    let mut from = high;
    while from > low {
        from = (high - window).max(low);
        if let Some(last) = last_record(consumer, topic, partition, from)? {
            return Ok(Some(last));
        }
        window = window.saturating_mul(8);
    }
    Ok(None)
}

/// Reads from `from` to the partition's end and returns the last event's record.
fn last_record(
    consumer: &BaseConsumer,
    topic: &str,
    partition: i32,
    from: i64,
) -> Result<Option<TailRecord>, TopicError> {
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(topic, partition, Offset::Offset(from))?;
    consumer.assign(&assignment)?;
    let deadline = Instant::now() + PATIENCE;
    let mut last = None;
    while Instant::now() < deadline {
        match consumer.poll(Duration::from_millis(200)) {
            None => {}
            Some(Ok(message)) => last = TailRecord::of(&message).or(last),
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(last),
            Some(Err(error)) => return Err(error.into()),
        }
    }
    Err(KafkaError::OffsetFetch(rdkafka::error::RDKafkaErrorCode::OperationTimedOut).into())
}
