//! One node of a development Kafka cluster: its directory, configuration and
//! Java process.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::Signal;
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;

use super::ServiceError;
use super::error::file_error;
use super::log_file::LogFile;
use super::polling::poll_until;
use super::process::{ChildProcess, Launch};

/// Main class of the server.
const SERVER_CLASS: &str = "kafka.Kafka";
/// Main class of the tool that prepares a node's directory.
const STORAGE_CLASS: &str = "kafka.tools.StorageTool";
/// Logging configuration, written into each node's directory.
const LOG_CONFIGURATION: &str = include_str!("../../kafka/log4j2.properties");

/// How long a node may take to answer; the replay of an unclean log and the
/// expiry of the node's former session take the longest.
const READY_DEADLINE: Duration = Duration::from_mins(2);
/// Pause between two questions.
const READY_POLL: Duration = Duration::from_millis(50);
/// How long one question may take.
const QUESTION_DEADLINE: Duration = Duration::from_secs(2);
/// How long a node may take to hand over its work and stop.
const STOP_GRACE: Duration = Duration::from_secs(20);
/// How long the kernel may take to end a killed node.
const KILL_GRACE: Duration = Duration::from_secs(10);

/// How to execute the Java programs.
#[derive(Clone, Debug)]
pub(crate) struct JavaRuntime {
    /// The `java` program.
    pub(crate) java: PathBuf,
    /// Directory of the jars.
    pub(crate) jars: PathBuf,
}

/// The two ports of a node on 127.0.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodePorts {
    /// For clients and the other brokers.
    pub(crate) broker: u16,
    /// For the metadata quorum.
    pub(crate) controller: u16,
}

/// One node, running or not.
#[derive(Debug)]
pub(crate) struct KafkaNode {
    /// From 1.
    id: usize,
    dir: PathBuf,
    ports: NodePorts,
    running: Option<RunningNode>,
}

#[derive(Debug)]
struct RunningNode {
    child: ChildProcess,
    /// What the server logs; the child's own output holds only what the
    /// runtime prints.
    log: LogFile,
}

impl KafkaNode {
    /// The node at `index` (from 0) of a cluster in `cluster_dir`, whose nodes
    /// have `ports`; writes its configuration.
    pub(crate) fn configure(cluster_dir: &Path, index: usize, ports: &[NodePorts]) -> Result<Self, ServiceError> {
        let id = index + 1;
        let node = Self { id, dir: cluster_dir.join(format!("node-{id}")), ports: ports[index], running: None };
        fs::create_dir_all(&node.dir).map_err(file_error("create", &node.dir))?;
        for (file, text) in
            [(node.properties_file(), node.properties(ports)), (node.log_configuration(), LOG_CONFIGURATION.to_owned())]
        {
            fs::write(&file, text).map_err(file_error("write", &file))?;
        }
        Ok(node)
    }

    /// Address for clients.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.ports.broker)
    }

    /// Whether the node's directory still has to be prepared.
    pub(crate) fn needs_format(&self) -> bool {
        !self.dir.join("data/meta.properties").is_file()
    }

    /// The tool run that prepares the directory for `cluster_id`.
    pub(crate) fn format_launch(&self, runtime: &JavaRuntime, cluster_id: &str) -> Launch {
        self.launch(
            "Kafka storage format",
            runtime,
            &["-Xmx128m", "-XX:TieredStopAtLevel=1"],
            vec![
                STORAGE_CLASS.into(),
                "format".into(),
                "--ignore-formatted".into(),
                "--cluster-id".into(),
                cluster_id.into(),
                "--config".into(),
                self.properties_file().into(),
            ],
        )
    }

    /// Starts the node without waiting for it.
    pub(crate) fn spawn(&mut self, runtime: &JavaRuntime) -> Result<(), ServiceError> {
        let log = LogFile::at_end_of(&self.server_log());
        let launch = self.launch(
            &format!("Kafka node {}", self.id),
            runtime,
            &["-Xms128m", "-Xmx512m"],
            vec![SERVER_CLASS.into(), self.properties_file().into()],
        );
        let child = ChildProcess::spawn(launch)?;
        self.running = Some(RunningNode { child, log });
        Ok(())
    }

    /// Waits until the node answers and knows at least `brokers` live brokers.
    /// A broker answers clients only after the cluster has admitted it.
    pub(crate) fn await_ready(&mut self, brokers: usize) -> Result<(), ServiceError> {
        let address = self.address();
        let port = self.ports.broker;
        let Some(node) = &mut self.running else {
            return Err(ServiceError::KafkaNoSuchNode(self.id - 1));
        };
        let outcome = poll_until(READY_DEADLINE, READY_POLL, || {
            if let Some(status) = node.child.exit_status() {
                return Some(Err(status));
            }
            (known_brokers(&address, port) >= brokers).then_some(Ok(()))
        });
        match outcome {
            Some(Ok(())) => Ok(()),
            Some(Err(status)) => Err(node.exited(status)),
            None => Err(node.not_ready()),
        }
    }

    /// Whether a Java process exists.
    pub(crate) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Asks the node to stop in order, without waiting.
    pub(crate) fn request_stop(&mut self) {
        if let Some(node) = &mut self.running {
            node.child.request_stop();
        }
    }

    /// Stops the node in order and waits for its end.
    pub(crate) fn stop(&mut self) {
        // Dropping the child stops it.
        self.running = None;
    }

    /// Ends the node as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut node) = self.running.take() {
            node.child.stop(Signal::SIGKILL, KILL_GRACE);
        }
    }

    /// Whether the latest start failed because a port was taken.
    pub(crate) fn lost_its_port(&self) -> bool {
        self.running.as_ref().is_some_and(|node| node.log.tail().contains("Address already in use"))
    }

    fn properties_file(&self) -> PathBuf {
        self.dir.join("server.properties")
    }

    fn log_configuration(&self) -> PathBuf {
        self.dir.join("log4j2.properties")
    }

    fn server_log(&self) -> PathBuf {
        self.dir.join("server.log")
    }

    fn launch(&self, service: &str, runtime: &JavaRuntime, options: &[&str], program: Vec<OsString>) -> Launch {
        let with_path = |prefix: &str, path: &Path| {
            let mut argument = OsString::from(prefix);
            argument.push(path);
            argument
        };
        let mut arguments: Vec<OsString> = options.iter().map(OsString::from).collect();
        arguments.extend([
            // The least threads and memory; pauses stay short on so small a
            // heap.
            "-XX:+UseSerialGC".into(),
            "-XX:+ExitOnOutOfMemoryError".into(),
            "-Djava.awt.headless=true".into(),
            with_path("-Dlog4j2.configurationFile=", &self.log_configuration()),
            with_path("-Dsecondwind.kafka.log=", &self.server_log()),
            "-cp".into(),
            runtime.jars.join("*").into(),
        ]);
        arguments.extend(program);
        Launch {
            service: service.to_owned(),
            program: runtime.java.clone(),
            arguments,
            environment: Vec::new(),
            working_dir: self.dir.clone(),
            log: LogFile::at_end_of(&self.dir.join("console.log")),
            run_as: None,
            stop_signal: Signal::SIGTERM,
            stop_grace: STOP_GRACE,
            // Nothing is lost: the next start replays the log. A slow orderly
            // stop would instead hold the directory against that start.
            orphan_signal: Signal::SIGKILL,
        }
    }

    /// The server's configuration in a cluster of nodes with `ports`.
    fn properties(&self, ports: &[NodePorts]) -> String {
        let nodes = ports.len();
        let id = self.id;
        let NodePorts { broker, controller } = self.ports;
        let voters = ports
            .iter()
            .enumerate()
            .map(|(index, ports)| format!("{}@127.0.0.1:{}", index + 1, ports.controller))
            .collect::<Vec<_>>()
            .join(",");
        // One copy may be missing where there are several.
        let in_sync = (nodes - 1).max(1);
        let data = self.dir.join("data");
        let mut text = format!(
            "# Written at every start; changes are lost.
process.roles=broker,controller
node.id={id}
controller.quorum.voters={voters}
listeners=BROKER://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=BROKER://127.0.0.1:{broker}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
log.dirs={}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
default.replication.factor={nodes}
min.insync.replicas={in_sync}
",
            data.display()
        );
        for (topic, partitions) in
            [("offsets.topic", 4), ("transaction.state.log", 4), ("share.coordinator.state.topic", 1)]
        {
            // Writing to a `String` does not fail.
            let _ = writeln!(text, "{topic}.num.partitions={partitions}");
            let _ = writeln!(text, "{topic}.replication.factor={nodes}");
        }
        let _ = write!(
            text,
            "transaction.state.log.min.isr={in_sync}
share.coordinator.state.topic.min.isr={in_sync}
# Expired transactions are aborted promptly.
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
# A crashed node is noticed, and may return, after this time.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# Small: the defaults size these for large machines.
num.network.threads=2
num.io.threads=4
background.threads=4
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=16777216
"
        );
        text
    }
}

impl RunningNode {
    fn exited(&self, status: ExitStatus) -> ServiceError {
        self.with_server_log(self.child.exited(status))
    }

    fn not_ready(&self) -> ServiceError {
        self.with_server_log(self.child.not_ready(READY_DEADLINE))
    }

    /// Quotes the server's log where the child's own output says nothing.
    fn with_server_log(&self, mut error: ServiceError) -> ServiceError {
        if let ServiceError::Exited { log, tail, .. } | ServiceError::NotReady { log, tail, .. } = &mut error
            && tail.is_empty()
        {
            self.log.path().clone_into(log);
            *tail = self.log.tail();
        }
        error
    }
}

/// Number of live brokers that the broker at `address` reports; 0 while it
/// does not answer.
fn known_brokers(address: &str, port: u16) -> usize {
    // Cheaper than a client, and most questions come before it listens.
    if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        return 0;
    }
    // A new client each time: an older one may ask another broker.
    let client: Result<BaseConsumer<Silent>, KafkaError> =
        ClientConfig::new().set("bootstrap.servers", address).create_with_context(Silent);
    client
        .and_then(|client| client.fetch_metadata(None, QUESTION_DEADLINE))
        .map_or(0, |metadata| metadata.brokers().len())
}

/// Keeps the client library quiet: refused connections are expected here.
struct Silent;

impl ClientContext for Silent {
    fn log(&self, _level: RDKafkaLogLevel, _facility: &str, _message: &str) {}
    fn error(&self, _error: KafkaError, _reason: &str) {}
}

impl ConsumerContext for Silent {}
