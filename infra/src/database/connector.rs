//! Connector: the one place where a session with PostgreSQL begins.

use std::pin::Pin;
use std::sync::{Arc, Weak};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::CONNECT_DEADLINE;

/// Reason why a session did not begin.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server cannot be reached, is not the one that it should be, or refuses the login.
    #[error("{}", with_source(.0))]
    Refused(#[from] Error),
    /// The server takes the connection and then says nothing.
    #[error("the server does not answer")]
    Silent,
}

/// Formats the driver's message with its source, such as what is wrong with a certificate.
fn with_source(error: &Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Task that moves what a session sends and receives, until it ends.
type Driver = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// Dialer of the server, encrypted or not.
#[derive(Clone)]
pub(super) struct Dialer {
    tls: Option<MakeRustlsConnect>,
}

impl Dialer {
    /// Begins a session.
    pub async fn dial(&self, config: &Config) -> Result<(Client, Driver), Error> {
        if let Some(tls) = &self.tls {
            let (client, connection) = config.connect(tls.clone()).await?;
            Ok((client, Box::pin(connection)))
        } else {
            let (client, connection) = config.connect(NoTls).await?;
            Ok((client, Box::pin(connection)))
        }
    }
}

/// Opener of sessions that ends them when the server falls silent. Clones share that.
#[derive(Clone)]
pub(super) struct Connector {
    dialer: Dialer,
    silences: Arc<Silences>,
}

/// Counter of how often the server fell silent; sessions end when it grows.
#[derive(Default)]
pub(super) struct Silences(watch::Sender<u64>);

impl Silences {
    /// Ends every session.
    pub fn end_sessions(&self) {
        self.0.send_modify(|count| *count += 1);
    }
}

impl Connector {
    /// Makes a connector whose sessions are encrypted by `tls`; `None` leaves them in the clear.
    pub fn new(tls: Option<MakeRustlsConnect>) -> Self {
        Self { dialer: Dialer { tls }, silences: Arc::default() }
    }

    /// Returns what connects, and what ends the sessions for as long as there is a connector.
    pub fn parts(&self) -> (Dialer, Weak<Silences>) {
        (self.dialer.clone(), Arc::downgrade(&self.silences))
    }

    /// Opens a session with the task that drives it.
    async fn open(&self, config: &Config) -> Result<(Client, JoinHandle<()>), Error> {
        let mut silences = self.silences.0.subscribe();
        let (client, driver) = self.dialer.dial(config).await?;
        let task = tokio::spawn(async move {
            let silent = async {
                if silences.changed().await.is_err() {
                    // Nobody watches any more.
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                ended = driver => if let Err(error) = ended {
                    tracing::debug!(%error, "a database connection ended");
                },
                () = silent => tracing::debug!("a database connection is ended: the server does not answer"),
            }
        });
        Ok((client, task))
    }

    /// Opens a session that nobody else uses.
    pub async fn connect(&self, config: &Config) -> Result<Client, ConnectError> {
        // The driver's own timeout ends with the TCP connection, which the kernel of a stopped server still accepts.
        let opened = tokio::time::timeout(CONNECT_DEADLINE, self.open(config)).await;
        let (client, _) = opened.map_err(|_| ConnectError::Silent)??;
        Ok(client)
    }
}

impl deadpool_postgres::Connect for Connector {
    fn connect(
        &self,
        config: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + '_>> {
        let config = config.clone();
        // The pool has its own deadline for this.
        Box::pin(async move { self.open(&config).await })
    }
}
