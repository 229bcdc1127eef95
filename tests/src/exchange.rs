//! A whole exchange in this process, served over HTTP on a port of its own.

use std::net::TcpListener;
use std::time::Duration;

use api::auth::{OPERATOR_ORGANIZATION, Role, SigningKey, Tokens, create_client};
use api::commands::start_node;
use api::server::{Server, ServerSettings};
use dev_services::InProcessKafka;
use infra::kafka_topics::TopicSpec;
use infra::node::Node;
use infra::relay::RelayConfig;
use infra::webhooks::{RetrySchedule, WebhookSettings};
use infra::{Clock, Database};
use secrecy::SecretString;
use serde_json::json;

use crate::client::ApiClient;
use crate::postgres::TestDatabase;

/// The topic of a test's broker.
pub const TOPIC: &str = "secondwind.events";

/// How many times a webhook is tried again, after pauses that a test can wait for.
pub const WEBHOOK_RETRIES: usize = 3;

/// A running exchange with nothing on it but the operator's organization.
pub struct TestExchange {
    /// Its database.
    pub database: TestDatabase,
    /// The node behind the server.
    pub node: Node,
    /// Signs its tokens.
    pub tokens: Tokens,
    url: String,
    server: Server,
    broker: Option<InProcessKafka>,
}

impl TestExchange {
    /// Starts an exchange on a fresh database and an in-process broker, with a simulated clock.
    pub async fn start() -> Self {
        Self::start_again(TestDatabase::create().await).await
    }

    /// Starts an exchange on a given database and an in-process broker, which knows nothing of an earlier one.
    pub async fn start_again(database: TestDatabase) -> Self {
        let spec = TopicSpec { name: TOPIC.to_owned(), partitions: 2 };
        let broker = tokio::task::spawn_blocking(move || InProcessKafka::start(&[(&spec.name, spec.partitions)])).await;
        let broker = broker.expect("a thread").expect("the broker starts");
        let relay = RelayConfig {
            brokers: broker.bootstrap_servers().into(),
            topic: TOPIC.to_owned(),
            transactional_id: "test-relay".to_owned(),
            brokers_are_volatile: true,
        };
        let mut exchange = Self::start_on(database, relay).await;
        exchange.broker = Some(broker);
        exchange
    }

    /// Starts an exchange on a given database and broker, with a simulated clock.
    pub async fn start_on(database: TestDatabase, relay: RelayConfig) -> Self {
        Self::start_with(database, relay, Clock::simulated(), ServerSettings::of_one_machine()).await
    }

    /// Starts an exchange on a given database whose Kafka is away, with a given clock.
    pub async fn start_with_clock(database: TestDatabase, clock: Clock) -> Self {
        Self::start_with(database, Self::no_kafka(), clock, ServerSettings::of_one_machine()).await
    }

    /// Starts an exchange on a fresh database whose Kafka is away, with these settings of its server.
    pub async fn start_limited(settings: ServerSettings) -> Self {
        Self::start_limited_again(TestDatabase::create().await, settings).await
    }

    /// Starts an exchange again on the database of one that was started like this.
    pub async fn start_limited_again(database: TestDatabase, settings: ServerSettings) -> Self {
        Self::start_with(database, Self::no_kafka(), Clock::simulated(), settings).await
    }

    async fn start_with(database: TestDatabase, relay: RelayConfig, clock: Clock, settings: ServerSettings) -> Self {
        let url = SecretString::from(database.url_of_exchange());
        let retries = RetrySchedule::new(vec![Duration::from_millis(50); WEBHOOK_RETRIES]);
        let webhooks = WebhookSettings { retries, ..WebhookSettings::with_loopback() };
        let database_access = Database::new(&url).expect("a URL");
        let node = Box::pin(start_node(database_access, clock, matching::Limits::default(), relay, webhooks))
            .await
            .expect("a node");
        let tokens = Tokens::new(&SigningKey::generate().expect("a key")).expect("a key");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let server = Server::start(node.clone(), tokens.clone(), listener, settings).await.expect("a server");
        let url = format!("http://{}", server.address);
        Self { database, node, tokens, url, server, broker: None }
    }

    /// Starts an exchange on a given database whose Kafka is away.
    pub async fn start_without_kafka(database: TestDatabase) -> Self {
        Self::start_on(database, Self::no_kafka()).await
    }

    fn no_kafka() -> RelayConfig {
        RelayConfig {
            brokers: "127.0.0.1:9".to_owned().into(), // the discard port: nothing listens there
            topic: TOPIC.to_owned(),
            transactional_id: "test-relay".to_owned(),
            brokers_are_volatile: false,
        }
    }

    /// Where it is served.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The brokers it publishes to, if they are its own.
    pub fn brokers(&self) -> Option<String> {
        self.broker.as_ref().map(InProcessKafka::bootstrap_servers)
    }

    /// A client with a token for this organization and role. The organization need not exist.
    pub fn client(&self, organization: &str, role: Role) -> ApiClient {
        self.person("test", organization, role)
    }

    /// One of several clients of an organization in a role.
    pub fn person(&self, name: &str, organization: &str, role: Role) -> ApiClient {
        let (client, lifetime) = (name.parse().expect("a client"), Duration::from_mins(15));
        let organization = organization.parse().expect("a slug");
        let token = self.tokens.issue(client, organization, role, lifetime).expect("a token");
        ApiClient::new(&self.url, Some(token))
    }

    /// A client of the operator.
    pub fn operator(&self) -> ApiClient {
        self.client(OPERATOR_ORGANIZATION, Role::Operator)
    }

    /// A client of the operator's finance.
    pub fn finance(&self) -> ApiClient {
        self.client(OPERATOR_ORGANIZATION, Role::Finance)
    }

    /// Moves its simulated clock forward.
    pub async fn move_clock_to(&self, now: &str) {
        self.operator().post("/v1/clock", &json!({"now": now})).await.ok();
    }

    /// A client without a token.
    pub fn anonymous(&self) -> ApiClient {
        ApiClient::new(&self.url, None)
    }

    /// Credentials of a real client, as an operator would create them.
    pub async fn credentials(&self, organization: &str, role: Role) -> (String, String) {
        let organization = organization.parse().expect("a slug");
        let client = create_client(&self.node.database, organization, role).await.expect("a client");
        (client.client_id, client.client_secret)
    }

    /// Stops it and hands its database on.
    pub async fn stop(self) -> TestDatabase {
        self.server.stop().await;
        self.database
    }
}
