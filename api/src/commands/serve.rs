//! `secondwind serve`: the exchange on servers that others run.

use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use infra::brokers::Brokers;
use infra::config::Config;
use infra::kafka_topics::{TopicSpec, create_topics};
use infra::node::Node;
use infra::relay::RelayConfig;
use infra::webhooks::WebhookSettings;
use infra::{Clock, Database};
use matching::Instruction;
use tokio::signal::unix::{SignalKind, signal};

use crate::auth::{OPERATOR_ORGANIZATION, SigningKey, Tokens};
use crate::resources::health::MetricsAccess;
use crate::server::{Server, ServerSettings, serve_metrics};

/// The pause before brokers that could not be reached are asked again for the topic.
const TOPIC_RETRY_PAUSE: Duration = Duration::from_secs(5);
/// The name of the operator's organization, as people write it.
const OPERATOR_NAME: &str = "Secondwind";

/// Serves until a signal comes or another process takes over.
pub(super) async fn serve(config: Option<&Path>) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    let clock = Clock::system(config.clock_bounds());
    let tokens = Tokens::new(&SigningKey::read(&config.token_key_file)?)?;
    let listener = TcpListener::bind(config.listen)
        .with_context(|| format!("cannot listen on {}: choose another address by SECONDWIND_LISTEN", config.listen))?;
    let metrics_listener = config.metrics_listen.map(TcpListener::bind).transpose();
    let metrics_listener = metrics_listener.context("cannot listen for metrics: choose another metrics_listen")?;
    let database = Database::new(&config.database_url)?;
    let topic = TopicSpec { name: config.kafka_topic.clone(), partitions: config.kafka_partitions };
    let brokers = config.brokers()?;
    create_topic_when_kafka_is_there(brokers.clone(), topic, config.kafka_replication);
    let relay = RelayConfig {
        brokers,
        transactional_id: format!("{}-relay", config.kafka_topic),
        topic: config.kafka_topic,
        brokers_are_volatile: false,
    };
    let node = start_node(database, clock, config.search, relay, WebhookSettings::default()).await?;
    let sequencer = node.sequencer.clone();
    let metrics = match (config.metrics_listen, config.metrics_token) {
        (None, Some(token)) => MetricsAccess::Token(token),
        (_, _) => MetricsAccess::Nobody,
    };
    let settings = ServerSettings { limits: config.limits, metrics };
    let metrics_server = metrics_listener.map(|listener| serve_metrics(node.clone(), listener)).transpose()?;
    let server = Server::start(node, tokens, listener, settings).await?;
    tracing::info!(address = %server.address, "serving");
    let code = tokio::select! {
        () = stop_signal() => ExitCode::SUCCESS,
        () = sequencer.fenced() => ExitCode::FAILURE,
    };
    server.stop().await;
    if let Some(metrics) = metrics_server {
        metrics.stop(false).await;
    }
    Ok(code)
}

/// Brings the schema up to date, starts a node, and admits the operator's organization where that has not happened yet.
///
/// # Errors
/// Whatever kept the database from being used.
pub async fn start_node(
    database: Database,
    clock: Clock,
    search: matching::Limits,
    relay: RelayConfig,
    webhooks: WebhookSettings,
) -> anyhow::Result<Node> {
    database.migrate().await?;
    let node = Node::start(database, clock, search, relay, webhooks).await?;
    let organization = OPERATOR_ORGANIZATION.parse()?;
    let is_admitted = node.view.read().organization(organization).is_some();
    if !is_admitted {
        let register = Instruction::RegisterOrganization { organization, name: OPERATOR_NAME.parse()? };
        node.sequencer.submit(register, None).await?;
    }
    Ok(node)
}

/// The exchange starts without Kafka, so the topic is created when the brokers can be reached.
fn create_topic_when_kafka_is_there(brokers: Brokers, topic: TopicSpec, replication: i32) {
    tokio::spawn(async move {
        while let Err(error) = create_topics(&brokers, std::slice::from_ref(&topic), replication).await {
            tracing::warn!(%error, "the topic is not there yet; trying again");
            tokio::time::sleep(TOPIC_RETRY_PAUSE).await;
        }
    });
}

/// Waits for Ctrl-C or a request to terminate.
pub(super) async fn stop_signal() {
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(error) => {
                tracing::warn!(%error, "termination signals cannot be heard");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}
