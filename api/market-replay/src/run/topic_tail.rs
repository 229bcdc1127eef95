//! Follows the events' topic from the start of the replay to its end.
//!
//! It reads along instead of afterwards because the in-process broker keeps only the last 5 MiB of a partition. That
//! broker also ends with the server: after a restart there is another cluster, to which the relay publishes the whole
//! log again. A new cluster id therefore begins a new reading; the same cluster is read on where reading stopped.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, KafkaResult, RDKafkaErrorCode},
    message::{BorrowedMessage, Headers},
};

use super::error::ReplayError;
use credentials::Credentials;

pub(super) use super::topic_reading::TopicReading;

const POLL: Duration = Duration::from_millis(250);
const REQUEST: Duration = Duration::from_secs(5);
const REOPEN_PAUSE: Duration = Duration::from_millis(500);
/// Names the event's place in the log.
const SEQUENCE_HEADER: &str = "ce_sequence";

/// A reader in a thread of its own, since the Kafka client blocks. It stops when dropped.
#[derive(Debug)]
pub(super) struct TopicTail {
    reading: Arc<Mutex<TopicReading>>,
    stop: Arc<AtomicBool>,
}

impl TopicTail {
    /// Reads the topic that the credentials file names; the file is read again after a failure, because a restarted
    /// broker may be at another address.
    pub(super) fn start(credentials: &Path) -> Result<Self, ReplayError> {
        let tail = Self { reading: Arc::default(), stop: Arc::default() };
        let follower = Follower {
            credentials: credentials.to_owned(),
            reading: tail.reading.clone(),
            stop: tail.stop.clone(),
            cluster: None,
        };
        thread::Builder::new()
            .name("topic-tail".to_owned())
            .spawn(move || follower.run())
            .map_err(|error| ReplayError::Task(error.to_string()))?;
        Ok(tail)
    }

    /// What has been read so far.
    pub(super) fn reading(&self) -> MutexGuard<'_, TopicReading> {
        lock(&self.reading)
    }
}

impl Drop for TopicTail {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// A reading is whole after every change, so a poisoned lock can be used.
fn lock(reading: &Mutex<TopicReading>) -> MutexGuard<'_, TopicReading> {
    reading.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Follower {
    credentials: PathBuf,
    reading: Arc<Mutex<TopicReading>>,
    stop: Arc<AtomicBool>,
    cluster: Option<String>,
}

impl Follower {
    fn run(mut self) {
        while !self.stop.load(Ordering::Relaxed) {
            let Some((brokers, topic)) = self.location() else {
                thread::sleep(REOPEN_PAUSE);
                continue;
            };
            let ended = self.open(&brokers, &topic).and_then(|consumer| self.follow(&consumer, &brokers));
            if let Err(error) = ended {
                tracing::debug!(%error, brokers, "reading the topic of events is interrupted");
                lock(&self.reading).trouble = Some(format!("{brokers}: {error}"));
                thread::sleep(REOPEN_PAUSE);
            }
        }
    }

    fn location(&self) -> Option<(String, String)> {
        Credentials::read(&self.credentials).ok()?.events_topic()
    }

    fn open(&mut self, brokers: &str, topic: &str) -> KafkaResult<BaseConsumer> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("group.id", "secondwind-replay-market")
            .set("enable.auto.commit", "false")
            .set("isolation.level", "read_committed")
            .set("auto.offset.reset", "earliest")
            .create()?;
        let metadata = consumer.fetch_metadata(Some(topic), REQUEST)?;
        let partitions: Vec<i32> = metadata
            .topics()
            .iter()
            .filter(|found| found.name() == topic)
            .flat_map(|found| found.partitions().iter().map(rdkafka::metadata::MetadataPartition::id))
            .collect();
        if partitions.is_empty() {
            return Err(KafkaError::MetadataFetch(RDKafkaErrorCode::UnknownTopicOrPartition));
        }
        let cluster = consumer.client().fetch_cluster_id(REQUEST);
        let mut assignment = TopicPartitionList::new();
        let mut dropped = 0;
        let same_cluster = cluster == self.cluster;
        for partition in partitions {
            let (low, _) = consumer.fetch_watermarks(topic, partition, REQUEST)?;
            let next = lock(&self.reading).next_offset(partition).filter(|_| same_cluster).unwrap_or(0);
            dropped += (low - next).max(0).unsigned_abs();
            assignment.add_partition_offset(topic, partition, Offset::Offset(next.max(low)))?;
        }
        consumer.assign(&assignment)?;
        let mut reading = lock(&self.reading);
        if !same_cluster {
            *reading = TopicReading::default();
            self.cluster = cluster;
        }
        reading.dropped += dropped;
        reading.trouble = None;
        drop(reading);
        Ok(consumer)
    }

    /// Reads until it is told to stop, the broker is gone or has moved.
    fn follow(&self, consumer: &BaseConsumer, brokers: &str) -> KafkaResult<()> {
        while !self.stop.load(Ordering::Relaxed) {
            match consumer.poll(POLL) {
                Some(Ok(record)) => {
                    lock(&self.reading).add(record.partition(), record.offset(), sequence(&record));
                }
                Some(Err(error)) => return Err(error),
                None if self.location().is_some_and(|(now, _)| now != brokers) => return Ok(()),
                None => {}
            }
        }
        Ok(())
    }
}

fn sequence(record: &BorrowedMessage<'_>) -> Option<u64> {
    let header = record.headers()?.iter().find(|header| header.key == SEQUENCE_HEADER)?;
    std::str::from_utf8(header.value?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Instant};

    use rdkafka::{
        message::{Header, OwnedHeaders},
        mocking::MockCluster,
        producer::{BaseProducer, BaseRecord, Producer},
    };

    use super::*;

    const TOPIC: &str = "secondwind.events";

    fn publish(cluster: &MockCluster<'_, rdkafka::producer::DefaultProducerContext>, records: &[(i32, u64)]) {
        let producer: BaseProducer =
            ClientConfig::new().set("bootstrap.servers", cluster.bootstrap_servers()).create().unwrap();
        for (partition, sequence) in records {
            let value = sequence.to_string();
            let headers = OwnedHeaders::new().insert(Header { key: SEQUENCE_HEADER, value: Some(&value) });
            let record: BaseRecord<'_, str, str> =
                BaseRecord::to(TOPIC).partition(*partition).payload("{}").headers(headers);
            producer.send(record).unwrap();
        }
        producer.flush(REQUEST).unwrap();
    }

    fn point_at(file: &Path, brokers: &str) {
        let document = serde_json::json!({"url": "http://127.0.0.1:1", "kafka_brokers": brokers,
            "topics": {"events": TOPIC}, "clients": []});
        fs::write(file, document.to_string()).unwrap();
    }

    fn await_distinct(tail: &TopicTail, count: usize) {
        let until = Instant::now() + Duration::from_secs(30);
        while tail.reading().distinct(u64::MAX) != count {
            assert!(Instant::now() < until, "{:?}", tail.reading());
            thread::yield_now();
        }
    }

    #[test]
    fn records_are_read_along_and_another_cluster_is_read_anew() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("credentials.json");
        let first = MockCluster::new(1).unwrap();
        first.create_topic(TOPIC, 2, 1).unwrap();
        point_at(&file, &first.bootstrap_servers());
        publish(&first, &[(0, 1), (1, 2)]);
        let tail = TopicTail::start(&file).unwrap();
        await_distinct(&tail, 2);
        publish(&first, &[(0, 3), (0, 3)]);
        await_distinct(&tail, 3);

        let second = MockCluster::new(1).unwrap();
        second.create_topic(TOPIC, 2, 1).unwrap();
        publish(&second, &[(0, 1), (1, 2), (0, 3), (1, 4)]);
        point_at(&file, &second.bootstrap_servers());
        drop(first);
        await_distinct(&tail, 4);
        let reading = tail.reading();
        assert_eq!((reading.duplicates, reading.out_of_order, reading.dropped), (0, 0, 0));
        assert!(reading.missing([1, 2, 3, 4].iter()).is_empty());
    }
}
