//! A real Apache Kafka cluster owned by this process.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ServiceError;
use super::data_dir_lock::DataDirLock;
use super::error::file_error;
use super::java::locate_java;
use super::kafka_node::{JavaRuntime, KafkaNode, NodePorts};
use super::ports::{free_ports, is_free};
use super::process::{ChildProcess, Launch};
use super::random::random_bytes;

/// Attempts to find ports that stay free until the nodes have them.
const PORT_ATTEMPTS: usize = 3;
/// How long the preparation of a node's directory may take.
const FORMAT_DEADLINE: Duration = Duration::from_mins(1);

/// How to start an [`ApacheKafka`].
#[derive(Clone, Debug)]
pub struct ApacheKafkaOptions {
    /// Directory of the server's jars, see
    /// [`locate_jars`](super::locate_jars).
    pub jars: PathBuf,
    /// Keeps the cluster's identity, ports, records and logs; created with its
    /// parents on the first start.
    pub data_dir: PathBuf,
    /// Number of nodes, 1 or 3. Three nodes survive the loss of one.
    pub nodes: u8,
}

/// A running Apache Kafka 4 cluster. Dropping it stops it.
///
/// Every node is broker and controller in one Java process of at most 512 MiB
/// heap, running as the current user and listening on 127.0.0.1 only. Topics
/// are not created by being used. Records, transactions and group offsets
/// survive a restart on the same directory.
///
/// Node indices count from 0.
#[derive(Debug)]
pub struct ApacheKafka {
    // Dropped in this order: the nodes have stopped when the lock is released.
    nodes: Vec<KafkaNode>,
    runtime: JavaRuntime,
    _lock: DataDirLock,
}

impl ApacheKafka {
    /// Starts the cluster and waits until every node answers clients.
    ///
    /// Blocks the calling thread: some seconds usually, about 3 more when the
    /// cluster was killed before, at most some minutes.
    ///
    /// # Errors
    ///
    /// When Java 17 is missing, when the data directory cannot be used or
    /// holds a cluster of another size, and when a node does not start; the
    /// error then holds the end of its log.
    pub fn start(options: ApacheKafkaOptions) -> Result<Self, ServiceError> {
        let size = match options.nodes {
            1 | 3 => usize::from(options.nodes),
            other => return Err(ServiceError::KafkaClusterSize(other)),
        };
        let runtime = JavaRuntime { java: locate_java()?, jars: options.jars };
        let dir = options.data_dir;
        fs::create_dir_all(&dir).map_err(file_error("create", &dir))?;
        let dir = dir.canonicalize().map_err(file_error("resolve", &dir))?;
        let mut cluster = Self { nodes: Vec::new(), runtime, _lock: DataDirLock::acquire(&dir.join("lock"), &dir)? };
        let cluster_id = cluster_id(&dir)?;
        let mut ports = stored_ports(&dir, size)?;
        for attempt in 1.. {
            let usable = match ports.take() {
                Some(ports) => ports,
                None => choose_ports(&dir, size)?,
            };
            match cluster.start_nodes(&dir, &cluster_id, &usable) {
                Err(ServiceError::Exited { .. })
                    if attempt < PORT_ATTEMPTS && cluster.nodes.iter().any(KafkaNode::lost_its_port) =>
                {
                    cluster.nodes.iter_mut().for_each(KafkaNode::kill);
                }
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        Ok(cluster)
    }

    /// Addresses of all nodes for the client setting `bootstrap.servers`.
    pub fn bootstrap_servers(&self) -> String {
        self.nodes.iter().map(KafkaNode::address).collect::<Vec<_>>().join(",")
    }

    /// Stops all nodes in order.
    ///
    /// Blocks the calling thread: below a second for one node, about 6 for three,
    /// whose last ones wait for a quorum. After 20 seconds the nodes are killed;
    /// acknowledged records survive that as well.
    pub fn stop(self) {
        drop(self);
    }

    /// Ends the node at `index` with SIGKILL, as a crash would, and waits for
    /// the end of its process. No effect on a node that does not run.
    ///
    /// # Errors
    ///
    /// [`ServiceError::KafkaNoSuchNode`] for an index out of range.
    pub fn kill_node(&mut self, index: usize) -> Result<(), ServiceError> {
        self.nodes.get_mut(index).ok_or(ServiceError::KafkaNoSuchNode(index))?.kill();
        Ok(())
    }

    /// Starts the node at `index` again, at its former address, and waits
    /// until it answers clients. A running node is stopped in order first.
    ///
    /// Blocks the calling thread for some seconds: a node that was killed is
    /// admitted again only when its former session has expired, after 3 seconds.
    ///
    /// # Errors
    ///
    /// [`ServiceError::KafkaNoSuchNode`] for an index out of range, and when
    /// the node does not start; the error then holds the end of its log.
    pub fn restart_node(&mut self, index: usize) -> Result<(), ServiceError> {
        let node = self.nodes.get_mut(index).ok_or(ServiceError::KafkaNoSuchNode(index))?;
        node.stop();
        node.spawn(&self.runtime)?;
        let running = self.nodes.iter().filter(|node| node.is_running()).count();
        self.nodes[index].await_ready(running)
    }

    fn start_nodes(&mut self, dir: &Path, cluster_id: &str, ports: &[NodePorts]) -> Result<(), ServiceError> {
        self.nodes.clear();
        for index in 0..ports.len() {
            self.nodes.push(KafkaNode::configure(dir, index, ports)?);
        }
        let unformatted = self.nodes.iter().filter(|node| node.needs_format());
        run_all(unformatted.map(|node| node.format_launch(&self.runtime, cluster_id)).collect())?;
        for node in &mut self.nodes {
            node.spawn(&self.runtime)?;
        }
        for node in &mut self.nodes {
            node.await_ready(ports.len())?;
        }
        Ok(())
    }
}

impl Drop for ApacheKafka {
    fn drop(&mut self) {
        // All at once: the last nodes of a cluster stopped one by one would
        // wait in vain for a quorum.
        self.nodes.iter_mut().for_each(KafkaNode::request_stop);
        self.nodes.iter_mut().for_each(KafkaNode::stop);
    }
}

/// Runs tools at the same time and waits for all of them.
fn run_all(launches: Vec<Launch>) -> Result<(), ServiceError> {
    let mut children = launches.into_iter().map(ChildProcess::spawn).collect::<Result<Vec<_>, _>>()?;
    for child in &mut children {
        match child.wait(FORMAT_DEADLINE) {
            Some(status) if status.success() => {}
            Some(status) => return Err(child.exited(status)),
            None => return Err(child.not_ready(FORMAT_DEADLINE)),
        }
    }
    Ok(())
}

/// The identity of the cluster in `dir`, chosen on the first start.
fn cluster_id(dir: &Path) -> Result<String, ServiceError> {
    let file = dir.join("cluster.id");
    match fs::read_to_string(&file) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let id = encode_cluster_id(u128::from_be_bytes(random_bytes()?));
            fs::write(&file, &id).map_err(file_error("write", &file))?;
            Ok(id)
        }
        Err(error) => Err(file_error("read", &file)(error)),
    }
}

/// Kafka's text form of a 128-bit identifier: URL-safe base64 without padding,
/// 22 characters. The top bit is cleared, so that the text never begins with a
/// hyphen and the format tool cannot take it for an option.
fn encode_cluster_id(random: u128) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let id = random >> 1;
    // 21 characters of six bits, then the last two bits padded with zeros.
    (0..21)
        .map(|position| id >> (122 - 6 * position))
        .chain([id << 4])
        .map(|bits| char::from(ALPHABET[usize::from(bits.to_be_bytes()[15] & 63)]))
        .collect()
}

/// The ports of the last start; `None` on the first start and when one of them
/// has been taken since.
fn stored_ports(dir: &Path, size: usize) -> Result<Option<Vec<NodePorts>>, ServiceError> {
    let file = dir.join("ports");
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file_error("read", &file)(error)),
    };
    let ports: Vec<NodePorts> = text
        .lines()
        .filter_map(|line| {
            let (broker, controller) = line.split_once(' ')?;
            Some(NodePorts { broker: broker.parse().ok()?, controller: controller.parse().ok()? })
        })
        .collect();
    if ports.len() != size {
        return Err(ServiceError::KafkaClusterSizeDiffers { path: dir.to_owned(), found: ports.len(), wanted: size });
    }
    let free = ports.iter().all(|node| is_free(node.broker) && is_free(node.controller));
    Ok(free.then_some(ports))
}

/// Chooses and stores the ports of `size` nodes.
fn choose_ports(dir: &Path, size: usize) -> Result<Vec<NodePorts>, ServiceError> {
    let ports: Vec<NodePorts> =
        free_ports(2 * size)?.chunks_exact(2).map(|pair| NodePorts { broker: pair[0], controller: pair[1] }).collect();
    let lines: Vec<String> = ports.iter().map(|node| format!("{} {}", node.broker, node.controller)).collect();
    let file = dir.join("ports");
    fs::write(&file, lines.join("\n")).map_err(file_error("write", &file))?;
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::super::locate_jars;
    use super::super::polling::poll_until;
    use super::*;
    use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication, TopicResult};
    use rdkafka::client::DefaultClientContext;
    use rdkafka::consumer::{BaseConsumer, Consumer};
    use rdkafka::error::RDKafkaErrorCode;
    use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
    use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
    use tempfile::TempDir;

    const TOPIC: &str = "letters";
    const DEADLINE: Duration = Duration::from_mins(1);

    /// A cluster with the topic; `None`, after saying so, where Java or Maven
    /// is missing.
    fn cluster(dir: &TempDir, nodes: u8) -> Option<ApacheKafka> {
        let jars = match locate_jars() {
            Ok(jars) => jars,
            Err(missing @ (ServiceError::JavaMissing { .. } | ServiceError::MavenMissing { .. })) => {
                eprintln!("not run: {missing}");
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        let kafka = ApacheKafka::start(ApacheKafkaOptions { jars, data_dir: dir.path().join("kafka"), nodes })
            .unwrap_or_else(|error| panic!("{error}"));
        let admin: AdminClient<DefaultClientContext> =
            ClientConfig::new().set("bootstrap.servers", kafka.bootstrap_servers()).create().unwrap();
        let topic = NewTopic::new(TOPIC, 1, TopicReplication::Fixed(i32::from(nodes)));
        let created = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(admin.create_topics(&[topic], &AdminOptions::new().operation_timeout(Some(DEADLINE))))
            .unwrap();
        // A cluster that starts again has it.
        let is_there =
            |outcome: &TopicResult| matches!(outcome, Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)));
        assert!(created.iter().all(is_there), "{created:?}");
        Some(kafka)
    }

    type TransactionalProducer = ThreadedProducer<DefaultProducerContext>;

    fn producer(kafka: &ApacheKafka) -> TransactionalProducer {
        let producer: TransactionalProducer = ClientConfig::new()
            .set("bootstrap.servers", kafka.bootstrap_servers())
            .set("transactional.id", "writer")
            .set("reconnect.backoff.max.ms", "500")
            .create()
            .unwrap();
        producer.init_transactions(DEADLINE).unwrap();
        producer
    }

    fn write(producer: &TransactionalProducer, text: &str, commit: bool) {
        producer.begin_transaction().unwrap();
        producer.send(BaseRecord::<(), str>::to(TOPIC).partition(0).payload(text)).unwrap();
        if commit {
            producer.commit_transaction(DEADLINE).unwrap();
        } else {
            // Stored on the broker before it is aborted.
            producer.flush(DEADLINE).unwrap();
            producer.abort_transaction(DEADLINE).unwrap();
        }
    }

    /// The first `count` committed records.
    fn committed(kafka: &ApacheKafka, count: usize) -> Vec<String> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", kafka.bootstrap_servers())
            .set("group.id", "reader")
            .set("isolation.level", "read_committed")
            .set("reconnect.backoff.max.ms", "500")
            .create()
            .unwrap();
        let mut from_start = TopicPartitionList::new();
        from_start.add_partition_offset(TOPIC, 0, Offset::Beginning).unwrap();
        consumer.assign(&from_start).unwrap();
        let mut texts = Vec::new();
        poll_until(DEADLINE, Duration::ZERO, || {
            // Errors are passing states of a cluster that has lost a node.
            if let Some(Ok(record)) = consumer.poll(Duration::from_millis(200)) {
                texts.push(String::from_utf8(record.payload().unwrap().to_vec()).unwrap());
            }
            (texts.len() >= count).then_some(())
        })
        .unwrap_or_else(|| panic!("only {texts:?}"));
        texts
    }

    #[test]
    fn one_node_commits_aborts_and_survives_crash_and_restart() {
        let dir = tempfile::tempdir().unwrap();
        let Some(mut kafka) = cluster(&dir, 1) else {
            return;
        };
        let address = kafka.bootstrap_servers();
        let first = producer(&kafka);
        write(&first, "one", true);
        write(&first, "aborted", false);
        write(&first, "two", true);
        assert_eq!(committed(&kafka, 2), ["one", "two"]);

        kafka.kill_node(0).unwrap();
        kafka.restart_node(0).unwrap();
        assert_eq!(kafka.bootstrap_servers(), address);
        write(&first, "three", true);
        assert_eq!(committed(&kafka, 3), ["one", "two", "three"]);

        drop(first);
        kafka.stop();
        let kafka = cluster(&dir, 1).unwrap();
        write(&producer(&kafka), "four", true);
        assert_eq!(committed(&kafka, 4), ["one", "two", "three", "four"]);
    }

    #[test]
    fn three_nodes_survive_the_loss_of_one() {
        let dir = tempfile::tempdir().unwrap();
        let Some(mut kafka) = cluster(&dir, 3) else {
            return;
        };
        let writer = producer(&kafka);
        write(&writer, "one", true);
        kafka.kill_node(1).unwrap();
        write(&writer, "two", true);
        assert_eq!(committed(&kafka, 2), ["one", "two"]);
        kafka.restart_node(1).unwrap();
        write(&writer, "three", true);
        assert_eq!(committed(&kafka, 3), ["one", "two", "three"]);
        assert!(matches!(kafka.kill_node(3), Err(ServiceError::KafkaNoSuchNode(3))));
    }

    #[test]
    fn unusable_requests_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let refused =
            ApacheKafka::start(ApacheKafkaOptions { jars: PathBuf::new(), data_dir: dir.path().to_owned(), nodes: 2 });
        assert!(matches!(refused, Err(ServiceError::KafkaClusterSize(2))));
        choose_ports(dir.path(), 3).unwrap();
        assert!(stored_ports(dir.path(), 3).unwrap().is_some());
        assert!(matches!(
            stored_ports(dir.path(), 1),
            Err(ServiceError::KafkaClusterSizeDiffers { found: 3, wanted: 1, .. })
        ));
    }

    #[test]
    fn cluster_ids_have_the_form_kafka_expects() {
        assert_eq!(encode_cluster_id(0), "AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(encode_cluster_id(u128::MAX), "f____________________w");
        assert_eq!(encode_cluster_id(2), "AAAAAAAAAAAAAAAAAAAAAQ");
    }
}
