//! Check of the topic: every event once, in order, as it is in the log, with the heads of the chain as in the books.

use std::time::{Duration, Instant};

use matching::Record;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::mpsc;

use super::report::{Check, Finding, Outcome};
use super::snapshot::Rows;
use super::{AuditError, TopicSource};
use crate::relay::{BOXES_HEADER, BookHeads, LEDGER_HEADERS, RecordValue, SEQUENCE_HEADER, attributes};

/// Time that brokers may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Length of one wait for the next record.
const POLL: Duration = Duration::from_millis(200);
/// Size of what is read ahead of each partition, in kilobytes.
const READ_AHEAD_KB: &str = "4096";
/// Number of records handed over at a time.
const BATCH_RECORDS: usize = 512;
/// Number of batches that are read ahead.
const BATCHES_AHEAD: usize = 8;

/// Expected value in the place of a record that does not continue the log.
const REPEATED: &str = "none: the event was there before, or it is none";

/// Record as a consumer sees it.
pub(super) struct TopicRecord {
    partition: i32,
    offset: i64,
    /// Sequence of the event that it names; 0 where it names none.
    sequence: u64,
    key: Vec<u8>,
    headers: Vec<(String, Vec<u8>)>,
    payload: Vec<u8>,
}

/// Topic up to where it ended when it was opened.
pub(super) struct OpenTopic {
    /// Id of the cluster that carries it.
    pub cluster: String,
    partitions: Vec<Partition>,
}

/// Partition that is read from its beginning.
struct Partition {
    consumer: BaseConsumer,
    /// Offset that it is read to, exclusive.
    end: i64,
    is_open: bool,
    next: Option<TopicRecord>,
}

impl OpenTopic {
    /// Finds the topic and where it ends. Waits for the brokers.
    pub fn open(source: &TopicSource) -> Result<Self, AuditError> {
        let first = consumer(source)?;
        let metadata = first.fetch_metadata(Some(&source.topic), PATIENCE)?;
        let topic = metadata.topics().first().filter(|topic| topic.error().is_none() && !topic.partitions().is_empty());
        let topic = topic.ok_or_else(|| AuditError::NoTopic(source.topic.clone()))?;
        let cluster = first.client().fetch_cluster_id(PATIENCE).ok_or(AuditError::NoClusterId)?;
        let mut partitions = Vec::new();
        for partition in topic.partitions() {
            // One consumer each, so that a partition that is far ahead of the others waits for them.
            let consumer = consumer(source)?;
            let (low, end) = consumer.fetch_watermarks(&source.topic, partition.id(), PATIENCE)?;
            let mut assignment = TopicPartitionList::new();
            assignment.add_partition_offset(&source.topic, partition.id(), Offset::Beginning)?;
            consumer.assign(&assignment)?;
            partitions.push(Partition { consumer, end, is_open: low < end, next: None });
        }
        Ok(Self { cluster, partitions })
    }

    /// Reads the records of all partitions in the order of their events, on a thread of its own.
    pub fn read(mut self) -> Result<Rows<TopicRecord>, AuditError> {
        let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
        let merge = move || {
            loop {
                let batch = self.batch();
                let is_last = batch.as_ref().map_or(true, Vec::is_empty);
                // A reader that is gone wants no more.
                if sender.blocking_send(batch).is_err() || is_last {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("audit-topic".into()).spawn(merge).map_err(AuditError::Thread)?;
        Ok(Rows::new(batches))
    }

    /// Reads the next records; empty at the end.
    fn batch(&mut self) -> Result<Vec<TopicRecord>, AuditError> {
        let mut batch = Vec::with_capacity(BATCH_RECORDS);
        while batch.len() < BATCH_RECORDS {
            for partition in &mut self.partitions {
                partition.fill()?;
            }
            let with_records = self.partitions.iter_mut().filter(|partition| partition.next.is_some());
            let earliest = with_records.min_by_key(|partition| partition.next.as_ref().map(|record| record.sequence));
            match earliest.and_then(|partition| partition.next.take()) {
                Some(record) => batch.push(record),
                None => break,
            }
        }
        Ok(batch)
    }
}

fn consumer(source: &TopicSource) -> Result<BaseConsumer, AuditError> {
    let consumer = source
        .brokers
        .client()
        // Required, and never used: nothing is committed.
        .set("group.id", "secondwind-audit")
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        .set("queued.max.messages.kbytes", READ_AHEAD_KB)
        .create()?;
    Ok(consumer)
}

impl Partition {
    /// Fetches the next record, unless the end is reached.
    fn fill(&mut self) -> Result<(), AuditError> {
        let deadline = Instant::now() + PATIENCE;
        while self.is_open && self.next.is_none() {
            match self.consumer.poll(POLL) {
                Some(Ok(message)) if message.offset() < self.end => self.next = Some(record_of(&message)),
                Some(Ok(_) | Err(KafkaError::PartitionEOF(_))) => self.is_open = false,
                Some(Err(error)) => return Err(error.into()),
                None if Instant::now() < deadline => {}
                None => return Err(KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut).into()),
            }
        }
        Ok(())
    }
}

fn record_of(message: &BorrowedMessage<'_>) -> TopicRecord {
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        let owned = headers.iter().map(|header| (header.key.to_owned(), header.value.unwrap_or_default().to_vec()));
        owned.collect()
    });
    let sequence = headers.iter().find(|(key, _)| key == SEQUENCE_HEADER);
    let sequence = sequence.and_then(|(_, value)| std::str::from_utf8(value).ok()?.parse().ok());
    TopicRecord {
        partition: message.partition(),
        offset: message.offset(),
        sequence: sequence.unwrap_or(0),
        key: message.key().unwrap_or_default().to_vec(),
        headers,
        payload: message.payload().unwrap_or_default().to_vec(),
    }
}

/// Comparer of the records with the log as that is read.
pub(super) struct TopicCheck {
    pub outcome: Outcome,
    records: Rows<TopicRecord>,
    /// Sequence of the last event that had been published when the topic was opened, as PostgreSQL knows it.
    published: u64,
    /// Sequence of the last event that was found in its place.
    last: u64,
    /// Whether a record has named the heads of the chain. Those that an earlier release published before do not.
    tells_heads: bool,
}

impl TopicCheck {
    pub fn new(records: Rows<TopicRecord>, published: u64) -> Self {
        Self { outcome: Outcome::of(Check::Topic), records, published, last: 0, tells_heads: false }
    }

    /// Compares an event with its record. `heads` are the chains' heads after the stored entries of the event.
    pub fn compare(&mut self, record: &Record, content: &str, heads: Option<&BookHeads>) -> Result<(), AuditError> {
        let expected = record.sequence;
        while let Some(next) = self.records.peek()?.map(|record| record.sequence) {
            if next > expected {
                let place = || format!("event {expected} on the topic");
                self.outcome.compare(place, "one record".to_owned(), format!("none; event {next} comes next"));
                return Ok(());
            }
            let Some(found) = self.records.take()? else { break };
            self.outcome.compared += 1;
            if next == expected {
                self.last = expected;
                self.compare_content(record, content, heads, &found);
                return Ok(());
            }
            self.surplus(&found, REPEATED);
        }
        Ok(())
    }

    fn surplus(&mut self, record: &TopicRecord, expected: &str) {
        let place = at(record);
        self.outcome.differ(|| Finding {
            place,
            expected: expected.to_owned(),
            found: format!("a record of event {}", record.sequence),
        });
    }

    fn compare_content(&mut self, record: &Record, content: &str, heads: Option<&BookHeads>, found: &TopicRecord) {
        let event = record.sequence;
        let mut differ = |what: &str, expected: &str, found_bytes: Option<&[u8]>| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            self.outcome.differ(|| Finding {
                place: format!("event {event}, {what} of its record ({})", at(found)),
                expected: expected.to_owned(),
                found: found_bytes.map_or_else(|| "none".to_owned(), text),
            });
        };
        let value = RecordValue::of(event, content.as_bytes());
        // An earlier release published what is a little longer than an event may be today.
        let is_whole = found.payload == content.as_bytes();
        if !is_whole && found.payload != *value.bytes {
            differ("the content", &String::from_utf8_lossy(&value.bytes), Some(&found.payload));
        }
        let key = record.event.key().to_string();
        if found.key != key.as_bytes() {
            differ("the key", &key, Some(&found.key));
        }
        let is_head = |name: &str| LEDGER_HEADERS.contains(&name) || name == BOXES_HEADER;
        let tells_head = found.headers.iter().any(|(name, _)| is_head(name));
        let heads = heads.filter(|_| tells_head || self.tells_heads);
        let expected = attributes(record, value.is_stand_in && !is_whole, heads);
        for (name, value) in &expected {
            let told = found.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_slice());
            if told != Some(value.as_bytes()) {
                differ(&format!("the header {name}"), value, told);
            }
        }
        for (name, value) in &found.headers {
            if !expected.iter().any(|(known, _)| known == name) {
                differ(&format!("the header {name}"), "none", Some(value));
            }
        }
        self.tells_heads |= tells_head;
    }

    /// Counts what is left, which is beyond the log, and notes how far the topic is behind it.
    pub fn finish(mut self, head: u64) -> Result<Outcome, AuditError> {
        while let Some(record) = self.records.take()? {
            self.outcome.compared += 1;
            if record.sequence > head {
                self.surplus(&record, &format!("none: the log ends at event {head}"));
            } else {
                self.surplus(&record, REPEATED);
            }
        }
        if self.last < self.published {
            let (last, published) = (self.last, self.published);
            self.outcome.differ(|| Finding {
                place: "the topic's end".to_owned(),
                expected: format!("event {published} or later, for so much had been published"),
                found: format!("event {last}"),
            });
        } else if self.last < head {
            self.outcome.note = Some(format!("{} events are not published yet", head - self.last));
        }
        Ok(self.outcome)
    }
}

fn at(record: &TopicRecord) -> String {
    format!("partition {}, offset {}", record.partition, record.offset)
}
