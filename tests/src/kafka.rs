//! One Apache Kafka for all tests of a binary, with a topic and a transactional id for each.
//!
//! What the relay promises about transactions can only be seen on a real broker. Where there is none to be had, a test says so
//! and ends.

#![expect(clippy::missing_panics_doc, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use dev_services::{ApacheKafka, ApacheKafkaOptions, ServiceError, locate_jars};
use infra::kafka_topics::{TopicSpec, create_topics};
use infra::relay::RelayConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Header, Headers, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use tempfile::TempDir;
use uuid::Uuid;

use crate::condition::{PATIENCE, until};
use crate::scratch;

/// Says that a test did not run, past the capture of a passing test's output.
pub fn not_run(reason: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // A closed standard error is nobody's concern here.
    let _ = writeln!(std::io::stderr(), "NOT RUN: {test}: {reason}");
}

/// Starts a cluster; says why not where Java, Maven or its repository is not to be had.
fn start(data_dir: PathBuf, nodes: u8) -> Result<ApacheKafka, String> {
    let jars = match locate_jars() {
        Ok(jars) => jars,
        Err(
            missing @ (ServiceError::JavaMissing { .. }
            | ServiceError::MavenMissing { .. }
            | ServiceError::MavenFailed { .. }
            | ServiceError::KafkaJarsMissing { .. }),
        ) => return Err(missing.to_string()),
        Err(error) => panic!("{error}"),
    };
    Ok(ApacheKafka::start(ApacheKafkaOptions { jars, data_dir, nodes }).unwrap_or_else(|error| panic!("{error}")))
}

/// The cluster that tests share. It outlives every test and ends with the process.
fn shared() -> &'static Result<ApacheKafka, String> {
    static SHARED: OnceLock<Result<ApacheKafka, String>> = OnceLock::new();
    SHARED.get_or_init(|| start(scratch::lasting_directory().join("kafka"), 1))
}

/// A cluster of a test's own, to be broken.
pub struct OwnKafka {
    /// The cluster.
    pub cluster: ApacheKafka,
    nodes: u8,
    // Dropped last, when nobody writes to it any more.
    _directory: TempDir,
}

impl OwnKafka {
    /// Starts a cluster; `None`, after saying so, where it cannot run.
    pub async fn start(nodes: u8) -> Option<Self> {
        let directory = scratch::directory();
        let data_dir = directory.path().join("kafka");
        let cluster = tokio::task::spawn_blocking(move || start(data_dir, nodes)).await.expect("Kafka starts");
        let cluster = cluster.map_err(|reason| not_run(&reason)).ok()?;
        Some(Self { cluster, nodes, _directory: directory })
    }

    /// A fresh topic on it, with a copy on each node.
    pub async fn topic(&self, partitions: i32) -> TestTopic {
        TestTopic::create_on(&self.cluster.bootstrap_servers(), partitions, i32::from(self.nodes)).await
    }
}

/// A topic of one's own on a real broker.
#[derive(Clone, Debug)]
pub struct TestTopic {
    /// The brokers.
    pub brokers: String,
    /// Its name.
    pub name: String,
    spec: TopicSpec,
    replication: i32,
}

/// A committed record as a consumer sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    /// Where it is.
    pub partition: i32,
    /// Its key.
    pub key: String,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its content.
    pub payload: String,
    /// When it says it was written, in milliseconds.
    pub timestamp: Option<i64>,
}

impl Published {
    /// The event's place in the log.
    pub fn sequence(&self) -> u64 {
        self.headers["ce_sequence"].parse().expect("a number")
    }
}

impl TestTopic {
    /// A fresh topic on the shared broker; `None`, after saying so, where that cannot run.
    pub async fn create(partitions: i32) -> Option<Self> {
        let topic = Self::named_only().await?;
        Some(Self::create_on(&topic.brokers, partitions, 1).await)
    }

    /// A name for a topic on the shared broker, which does not exist; `None`, after saying so, where that cannot run.
    pub async fn named_only() -> Option<Self> {
        let cluster = tokio::task::spawn_blocking(shared).await.expect("Kafka starts");
        let brokers = cluster.as_ref().map_err(|reason| not_run(reason)).ok()?.bootstrap_servers();
        let spec = TopicSpec { name: format!("events-{}", Uuid::now_v7().simple()), partitions: 1 };
        Some(Self { brokers, name: spec.name.clone(), spec, replication: 1 })
    }

    /// A topic that is there already.
    pub fn existing(brokers: &str, name: &str) -> Self {
        let spec = TopicSpec { name: name.to_owned(), partitions: 1 };
        Self { brokers: brokers.to_owned(), name: name.to_owned(), spec, replication: 1 }
    }

    async fn create_on(brokers: &str, partitions: i32, replication: i32) -> Self {
        let spec = TopicSpec { name: format!("events-{}", Uuid::now_v7().simple()), partitions };
        let topic = Self { brokers: brokers.to_owned(), name: spec.name.clone(), spec, replication };
        topic.create_again().await;
        topic
    }

    /// Creates it, or creates it again after [`TestTopic::delete`].
    pub async fn create_again(&self) {
        create_topics(&self.brokers.clone().into(), std::slice::from_ref(&self.spec), self.replication)
            .await
            .expect("a topic");
    }

    /// Deletes it and waits until it is gone.
    pub async fn delete(&self) {
        let admin: AdminClient<DefaultClientContext> = self.client().create().expect("a client");
        let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
        let deleted = admin.delete_topics(&[&self.name], &options).await.expect("the broker answers");
        assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
        let consumer: BaseConsumer = self.client().create().expect("a client");
        until("the topic is gone", async || {
            let metadata = consumer.fetch_metadata(Some(&self.name), PATIENCE).ok()?;
            metadata.topics().first()?.error().map(|_| ())
        })
        .await;
    }

    /// How a relay publishes to it.
    pub fn relay(&self) -> RelayConfig {
        RelayConfig {
            brokers: self.brokers.clone().into(),
            topic: self.name.clone(),
            transactional_id: format!("{}-relay", self.name),
            brokers_are_volatile: false,
        }
    }

    /// Every committed record, partition by partition in the order of each.
    pub async fn committed(&self) -> Vec<Published> {
        self.read("read_committed").await
    }

    /// Every record, committed or not.
    pub async fn written(&self) -> Vec<Published> {
        self.read("read_uncommitted").await
    }

    async fn read(&self, isolation_level: &str) -> Vec<Published> {
        let mut config = self.client();
        config
            .set("group.id", "tests")
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("isolation.level", isolation_level);
        let topic = self.name.clone();
        tokio::task::spawn_blocking(move || read_to_end(&config, &topic)).await.expect("the topic can be read")
    }

    /// A producer that takes the place of the relay's, fencing it.
    pub async fn rival(&self) -> Rival {
        self.producer(self.relay().transactional_id).await
    }

    /// A producer of somebody else's, which fences nobody.
    pub async fn foreigner(&self) -> Rival {
        self.producer(format!("{}-foreign", self.name)).await
    }

    async fn producer(&self, transactional_id: String) -> Rival {
        let (config, topic) = (self.client(), self.name.clone());
        tokio::task::spawn_blocking(move || Rival::open(config, topic, &transactional_id)).await.expect("a producer")
    }

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers);
        config
    }
}

fn read_to_end(config: &ClientConfig, topic: &str) -> Vec<Published> {
    let consumer: BaseConsumer = config.create().expect("a consumer");
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).expect("the broker answers");
    let [topic_found] = metadata.topics() else { panic!("one topic was asked for: {topic}") };
    let mut open = topic_found.partitions().len();
    assert!(open > 0, "the topic {topic} does not exist");
    let mut assignment = TopicPartitionList::new();
    for partition in topic_found.partitions() {
        assignment.add_partition_offset(topic, partition.id(), Offset::Beginning).expect("an offset");
    }
    consumer.assign(&assignment).expect("an assignment");
    let deadline = Instant::now() + PATIENCE;
    let mut published = Vec::new();
    while open > 0 {
        assert!(Instant::now() < deadline, "the topic's end was not reached in time");
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => published.push(record_of(&message)),
            Some(Err(KafkaError::PartitionEOF(_))) => open -= 1,
            Some(Err(error)) => panic!("{error}"),
            None => {}
        }
    }
    published.sort_by_key(|record: &Published| record.partition);
    published
}

fn record_of(message: &BorrowedMessage<'_>) -> Published {
    let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap_or_default().to_vec()).expect("UTF-8");
    let headers = message.headers().expect("headers");
    Published {
        partition: message.partition(),
        key: text(message.key()),
        headers: headers.iter().map(|header| (header.key.to_owned(), text(header.value))).collect(),
        payload: text(message.payload()),
        timestamp: message.timestamp().to_millis(),
    }
}

/// A producer beside the relay. Under the relay's transactional id it is the relay of a process that was replaced, or replaces.
pub struct Rival {
    producer: BaseProducer,
    topic: String,
}

impl Rival {
    fn open(mut config: ClientConfig, topic: String, transactional_id: &str) -> Self {
        let producer: BaseProducer = config.set("transactional.id", transactional_id).create().expect("a producer");
        producer.init_transactions(PATIENCE).expect("it fences");
        Self { producer, topic }
    }

    /// Begins a transaction and writes a record that claims to be the event `sequence` to a partition. The broker has it when
    /// this returns.
    pub fn begin(&self, partition: i32, sequence: u64) {
        self.producer.begin_transaction().expect("a transaction");
        let sequence = sequence.to_string();
        let headers = OwnedHeaders::new().insert(Header { key: "ce_sequence", value: Some(&sequence) });
        let record = BaseRecord::to(&self.topic).partition(partition).key("forged").payload("{}").headers(headers);
        self.producer.send(record).map_err(|(error, _)| error).expect("it is queued");
        self.producer.flush(PATIENCE).expect("it is written");
    }

    /// Commits the transaction.
    ///
    /// # Errors
    /// Kafka's, when a later producer has fenced this one.
    pub fn commit(&self) -> Result<(), KafkaError> {
        self.producer.commit_transaction(PATIENCE)
    }

    /// Aborts the transaction.
    pub fn abort(&self) {
        self.producer.abort_transaction(PATIENCE).expect("it is aborted");
    }
}
