//! `secondwind run`: everything on one machine, under one directory, in one process.

mod banner;
mod demo;
mod services;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use infra::node::Node;
use infra::relay::RelayConfig;
use infra::webhooks::WebhookSettings;
use infra::{Clock, Database};
use secrecy::SecretString;

use super::serve::{start_node, stop_signal};
use crate::auth::{SigningKey, Tokens};
use crate::server::{Server, ServerSettings};
use credentials::{Credentials, Topics, write_secret};
use services::Services;

/// The port that is served unless it is taken.
const DEFAULT_PORT: u16 = 8080;

/// How to run everything.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// Where everything is kept. Delete it to start afresh.
    #[arg(long, default_value = ".secondwind", env = "SECONDWIND_DIR")]
    pub dir: PathBuf,
    /// Where HTTP is served; the address of the last run, or port 8080, when not given.
    #[arg(long, env = "SECONDWIND_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// Brokers to publish to, instead of one that is started here.
    #[arg(long, env = "KAFKA_BROKERS")]
    pub kafka_brokers: Option<String>,
    /// The broker to start: `in-process`, or `apache` for a real one.
    #[arg(long, env = "KAFKA", default_value = "in-process")]
    pub kafka: services::Broker,
}

/// Everything, running.
pub struct Running {
    /// What clients need to know.
    pub credentials: Credentials,
    /// The node behind the server.
    pub node: Node,
    services: Services,
    server: Server,
}

/// Runs until Ctrl-C.
pub(super) async fn run(args: RunArgs) -> anyhow::Result<ExitCode> {
    let running = Running::start(&args).await?;
    print!("{}", banner::banner(&running.credentials, &running.services, running.node.clock.now()));
    let sequencer = running.node.sequencer.clone();
    let code = tokio::select! {
        () = stop_signal() => ExitCode::SUCCESS,
        () = sequencer.fenced() => ExitCode::FAILURE,
    };
    println!("Stopping. The next start goes on from here.");
    drop(sequencer);
    running.stop().await;
    Ok(code)
}

impl Running {
    /// Starts everything and waits until it takes orders.
    ///
    /// # Errors
    /// Whatever could not be started, with what to do about it.
    pub async fn start(args: &RunArgs) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&args.dir).with_context(|| format!("cannot create {}", args.dir.display()))?;
        let dir = args.dir.canonicalize()?;
        let credentials_file = dir.join("credentials.json");
        let before = credentials_file.exists().then(|| Credentials::read(&credentials_file)).transpose()?;
        let listener = listen(args.listen, before.as_ref())?;
        let services = Services::start(&dir, args).await?;
        let tokens = Tokens::new(&signing_key(&dir.join("token-key.pem"))?)?;
        let database = Database::new(&SecretString::from(services.owner_url.clone()))?;
        let relay = RelayConfig {
            brokers: services.brokers.clone().into(),
            topic: services.topic.clone(),
            transactional_id: format!("{}-relay", services.topic),
            brokers_are_volatile: services.brokers_are_volatile(),
        };
        let node = start_node(
            database,
            Clock::simulated(),
            matching::Limits::default(),
            relay,
            WebhookSettings::with_loopback(),
        )
        .await?;
        let database_url = services.application_url(&node.database).await?;
        let known = before.map(|before| before.clients).unwrap_or_default();
        let clients = demo::seed(&node, known).await?;
        let server = Server::start(node.clone(), tokens, listener, ServerSettings::of_one_machine()).await?;
        let credentials = Credentials {
            url: format!("http://{}", server.address),
            database_url: Some(database_url),
            kafka_brokers: Some(services.brokers.clone()),
            topics: Topics { events: Some(services.topic.clone()) },
            clients,
        };
        credentials.write(&credentials_file)?;
        Ok(Self { credentials, node, services, server })
    }

    /// Stops everything in order: requests first, the database last.
    pub async fn stop(self) {
        self.server.stop().await;
        drop(self.node);
        self.services.stop().await;
    }
}

/// The address that is asked for; else that of the last run, so that clients find it again; else port 8080, or any.
fn listen(asked: Option<SocketAddr>, before: Option<&Credentials>) -> anyhow::Result<TcpListener> {
    if let Some(address) = asked {
        return TcpListener::bind(address)
            .with_context(|| format!("cannot listen on {address}: choose another address with --listen"));
    }
    let last = before.and_then(|before| before.url.strip_prefix("http://")?.parse().ok());
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT));
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    TcpListener::bind(last.unwrap_or(default)).or_else(|_| TcpListener::bind(any)).context("no port is free")
}

fn signing_key(path: &Path) -> anyhow::Result<SigningKey> {
    if path.exists() {
        return Ok(SigningKey::read(path)?);
    }
    let key = SigningKey::generate()?;
    write_secret(path, key.pem().as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(key)
}
