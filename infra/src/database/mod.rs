//! Connections to PostgreSQL: one pool for reads and upkeep, and single connections for those who own a session.
//!
//! Every session begins in the [`Connector`], and none outlives a server that has stopped answering: once
//! [`Database::watch`] runs, whoever waits for such a server is told within seconds.

mod address;
mod columns;
mod connector;
mod encryption;
mod pulse;

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use address::Address;
use connector::Connector;

pub(crate) use columns::named_column;
pub use columns::{ColumnValue, NamedColumns};
pub use connector::ConnectError;

/// Role that the service acts in: it may append and read, and owns nothing.
const APPLICATION_ROLE: &str = "secondwind_app";
/// Number of connections in the pool.
const POOL_SIZE_MAX: usize = 16;
/// Time that a request waits for a free connection. With the time that a new connection takes, less than a caller
/// waits.
const POOL_WAIT_MAX: Duration = Duration::from_secs(2);
/// Time that a connection attempt may take, the login included.
const CONNECT_DEADLINE: Duration = Duration::from_secs(3);
/// Time that a server may take for one statement of a pooled session, in milliseconds.
const POOLED_STATEMENT_MS_MAX: u32 = 60_000;

/// Access to one database.
#[derive(Clone)]
pub struct Database {
    config: tokio_postgres::Config,
    connector: Connector,
    pool: Pool,
}

/// Error of access to the database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The URL does not parse.
    #[error("DATABASE_URL is not a PostgreSQL URL such as postgres://user:password@host:5432/name: {0}")]
    Url(tokio_postgres::Error),
    /// The URL asks for a protection that does not exist.
    #[error("DATABASE_URL has sslmode={0}: it must be disable, require, verify-ca or verify-full")]
    SslMode(String),
    /// The server cannot be verified.
    #[error("TLS to PostgreSQL: {0}")]
    Tls(String),
    /// The pool could not be set up.
    #[error("the connection pool cannot be set up: {0}")]
    Pool(#[from] deadpool_postgres::BuildError),
    /// PostgreSQL cannot be reached or refuses the login.
    #[error("PostgreSQL cannot be reached with DATABASE_URL: {0}")]
    Connect(#[from] ConnectError),
    /// PostgreSQL refuses to set up a database or the application's role.
    #[error("PostgreSQL cannot be set up: {0}")]
    SetUp(#[source] tokio_postgres::Error),
    /// The schema could not be brought up to date.
    #[error(transparent)]
    Migration(#[from] migrations::MigrationError),
}

impl Database {
    /// Makes access to the database that `url` names. Does not connect yet.
    ///
    /// # Errors
    /// [`DatabaseError`] when the URL does not parse, or there are no certificates to verify the server by.
    pub fn new(url: &SecretString) -> Result<Self, DatabaseError> {
        let Address { mut config, trust } = address::parse(url.expose_secret())?;
        config.connect_timeout(CONNECT_DEADLINE).application_name("secondwind");
        let connector = Connector::new(trust.as_ref().map(encryption::connector).transpose()?);
        let mut pooled = config.clone();
        pooled.options(format!("-c role={APPLICATION_ROLE} -c statement_timeout={POOLED_STATEMENT_MS_MAX}"));
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_connect(pooled, connector.clone(), recycling))
            .max_size(POOL_SIZE_MAX)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(POOL_WAIT_MAX))
            .create_timeout(Some(CONNECT_DEADLINE))
            .recycle_timeout(Some(CONNECT_DEADLINE))
            .build()?;
        Ok(Self { config, connector, pool })
    }

    /// Watches from now on whether the server answers, for as long as this access exists. When it falls silent, ends
    /// every session, and whoever waits for one is told.
    pub fn watch(&self) {
        let (dialer, sessions) = self.connector.parts();
        tokio::spawn(pulse::watch(self.application(), dialer, sessions));
    }

    /// Brings the schema up to date, as the role of the URL. Returns the names of the migrations that ran.
    ///
    /// # Errors
    /// [`DatabaseError`] when the database cannot be reached or a migration fails.
    pub async fn migrate(&self) -> Result<Vec<String>, DatabaseError> {
        let mut client = self.connect_as_owner().await?;
        Ok(migrations::run(&mut client).await?)
    }

    /// Creates a database of this name on the same server, unless there is one.
    ///
    /// # Errors
    /// [`DatabaseError`] when the server cannot be reached, or the role of the URL may not create databases.
    pub async fn create_database(&self, name: &str) -> Result<(), DatabaseError> {
        let client = self.connect_as_owner().await?;
        let known = client.query_opt("SELECT FROM pg_database WHERE datname = $1", &[&name]).await;
        if known.map_err(DatabaseError::SetUp)?.is_none() {
            run_formatted(&client, "SELECT format('CREATE DATABASE %I', $1::text)", &[&name]).await?;
        }
        Ok(())
    }

    /// Lets the application's role log in with a password.
    ///
    /// # Errors
    /// [`DatabaseError`] when the server cannot be reached, or the role of the URL may not alter that role.
    pub async fn let_application_log_in(&self, password: &str) -> Result<(), DatabaseError> {
        let client = self.connect_as_owner().await?;
        let statement = "SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)";
        run_formatted(&client, statement, &[&APPLICATION_ROLE, &password]).await
    }

    /// A connection of one's own, in the role of the URL.
    ///
    /// # Errors
    /// [`ConnectError`] when PostgreSQL cannot be reached.
    pub async fn connect_as_owner(&self) -> Result<Client, ConnectError> {
        self.connector.connect(&self.config).await
    }

    /// Opens a connection of one's own, in the application's role.
    ///
    /// # Errors
    /// [`ConnectError`] when PostgreSQL cannot be reached.
    pub async fn connect(&self) -> Result<Client, ConnectError> {
        self.connector.connect(&self.application()).await
    }

    /// Takes a pooled connection in the application's role.
    ///
    /// # Errors
    /// The pool's error when none is free in time or PostgreSQL cannot be reached.
    pub async fn get(&self) -> Result<deadpool_postgres::Object, deadpool_postgres::PoolError> {
        self.pool.get().await
    }

    fn application(&self) -> tokio_postgres::Config {
        let mut config = self.config.clone();
        config.options(format!("-c role={APPLICATION_ROLE}"));
        config
    }
}

/// Runs the statement that `format` answers: the server quotes what is in it, where a statement takes no parameters.
async fn run_formatted(client: &Client, format: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<(), DatabaseError> {
    let statement = client.query_one(format, parameters).await.map_err(DatabaseError::SetUp)?;
    let statement: String = statement.try_get("format").map_err(DatabaseError::SetUp)?;
    client.batch_execute(&statement).await.map_err(DatabaseError::SetUp)
}
