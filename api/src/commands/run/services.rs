//! The servers behind a one-command run.

use std::path::Path;

use anyhow::Context as _;
use aws_lc_rs::rand;
use clap::ValueEnum;
use dev_services::{ApacheKafka, ApacheKafkaOptions, InProcessKafka, PostgresOptions, PostgresServer, locate_jars};
use infra::Database;
use infra::config::{DEFAULT_PARTITIONS, DEFAULT_TOPIC};
use infra::kafka_topics::{TopicSpec, create_topics};
use secrecy::SecretString;
use tokio::task::spawn_blocking;

use super::RunArgs;
use credentials::write_secret;

/// The name of the database.
const DATABASE: &str = "secondwind";

/// A broker that can be started here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Broker {
    /// The client library's broker inside this process: no Java, nothing kept.
    InProcess,
    /// Apache Kafka, one node.
    Apache,
}

/// The running servers.
pub(super) struct Services {
    pub owner_url: String,
    pub brokers: String,
    pub topic: String,
    application_password: String,
    postgres: PostgresServer,
    kafka: Kafka,
}

enum Kafka {
    External,
    InProcess(InProcessKafka),
    Apache(ApacheKafka),
}

impl Services {
    /// Starts PostgreSQL and a broker on data under `dir`.
    pub async fn start(dir: &Path, args: &RunArgs) -> anyhow::Result<Self> {
        let data_dir = dir.join("postgres");
        eprintln!("Starting PostgreSQL under {} …", data_dir.display());
        let options = PostgresOptions { data_dir, ..PostgresOptions::default() };
        let postgres = spawn_blocking(move || PostgresServer::start(options)).await??;
        let owner_url = create_database(&postgres).await?;
        let topic = TopicSpec { name: DEFAULT_TOPIC.to_owned(), partitions: DEFAULT_PARTITIONS };
        let (kafka, brokers) = start_kafka(dir, args, &topic).await?;
        let application_password = application_password(&dir.join("application-password"))?;
        Ok(Self { owner_url, brokers, topic: topic.name, application_password, postgres, kafka })
    }

    /// Whether what is published is lost when this process ends.
    pub fn brokers_are_volatile(&self) -> bool {
        matches!(self.kafka, Kafka::InProcess(_))
    }

    /// Lets the application's role log in, and returns the URL that does.
    pub async fn application_url(&self, database: &Database) -> anyhow::Result<String> {
        database.let_application_log_in(&self.application_password).await?;
        let (password, port) = (&self.application_password, self.postgres.port());
        Ok(format!("postgres://secondwind_app:{password}@127.0.0.1:{port}/{DATABASE}"))
    }

    /// What the broker is, for people.
    pub fn kafka_description(&self) -> &'static str {
        match self.kafka {
            Kafka::External => "yours, by KAFKA_BROKERS",
            Kafka::Apache(_) => "Apache Kafka, one node, kept under the same directory",
            Kafka::InProcess(_) => {
                "in this process: memory only, about 5 MiB per partition, transactions only pretended; \
                 the log is published again after a restart. KAFKA=apache starts a real one"
            }
        }
    }

    /// Stops the broker, then PostgreSQL.
    pub async fn stop(self) {
        let stopped = spawn_blocking(move || {
            match self.kafka {
                Kafka::External => {}
                Kafka::InProcess(cluster) => drop(cluster),
                Kafka::Apache(cluster) => cluster.stop(),
            }
            self.postgres.stop();
        });
        if let Err(error) = stopped.await {
            tracing::warn!(%error, "the servers did not stop in order");
        }
    }
}

async fn create_database(postgres: &PostgresServer) -> anyhow::Result<String> {
    Database::new(&SecretString::from(postgres.url("postgres")))?.create_database(DATABASE).await?;
    Ok(postgres.url(DATABASE))
}

async fn start_kafka(dir: &Path, args: &RunArgs, topic: &TopicSpec) -> anyhow::Result<(Kafka, String)> {
    if let Some(brokers) = args.kafka_brokers.clone().filter(|brokers| !brokers.is_empty()) {
        create_topics(&brokers.clone().into(), std::slice::from_ref(topic), 1).await?;
        return Ok((Kafka::External, brokers));
    }
    match args.kafka {
        Broker::InProcess => {
            let topic = topic.clone();
            let cluster = spawn_blocking(move || InProcessKafka::start(&[(&topic.name, topic.partitions)])).await??;
            let brokers = cluster.bootstrap_servers();
            Ok((Kafka::InProcess(cluster), brokers))
        }
        Broker::Apache => {
            let data_dir = dir.join("kafka");
            eprintln!("Starting Apache Kafka under {} …", data_dir.display());
            let start = move || ApacheKafka::start(ApacheKafkaOptions { jars: locate_jars()?, data_dir, nodes: 1 });
            let cluster = spawn_blocking(start).await??;
            let brokers = cluster.bootstrap_servers();
            create_topics(&brokers.clone().into(), std::slice::from_ref(topic), 1).await?;
            Ok((Kafka::Apache(cluster), brokers))
        }
    }
}

/// The application role's password, made once.
fn application_password(path: &Path) -> anyhow::Result<String> {
    if path.exists() {
        return std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    }
    let mut random = [0; 16];
    rand::fill(&mut random).map_err(|_| anyhow::anyhow!("the system has no randomness"))?;
    let password = hex::encode(random);
    write_secret(path, password.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(password)
}
