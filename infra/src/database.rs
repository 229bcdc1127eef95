//! Connections to PostgreSQL: one pool for reads and upkeep, and single connections for those who own a session.

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::{Client, NoTls};

/// The role that the service acts in: it may append and read, and owns nothing.
const APPLICATION_ROLE: &str = "secondwind_app";
/// Connections in the pool.
const POOL_SIZE_MAX: usize = 16;
/// How long a request waits for a free connection.
const POOL_WAIT_MAX: Duration = Duration::from_secs(5);
/// How long a connection attempt may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Access to one database.
#[derive(Clone)]
pub struct Database {
    config: tokio_postgres::Config,
    pool: Pool,
}

/// The database's address is not usable.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The URL does not parse.
    #[error("DATABASE_URL is not a PostgreSQL URL such as postgres://user:password@host:5432/name: {0}")]
    Url(tokio_postgres::Error),
    /// The pool could not be set up.
    #[error("the connection pool cannot be set up: {0}")]
    Pool(#[from] deadpool_postgres::BuildError),
    /// PostgreSQL cannot be reached or refuses the login.
    #[error("PostgreSQL cannot be reached with DATABASE_URL: {0}")]
    Connect(#[from] tokio_postgres::Error),
    /// The schema could not be brought up to date.
    #[error(transparent)]
    Migration(#[from] migrations::MigrationError),
}

impl Database {
    /// Access to the database that `url` names. Nothing is connected yet.
    ///
    /// # Errors
    /// [`DatabaseError::Url`] when the URL does not parse.
    pub fn new(url: &SecretString) -> Result<Self, DatabaseError> {
        let mut config: tokio_postgres::Config = url.expose_secret().parse().map_err(DatabaseError::Url)?;
        config.connect_timeout(CONNECT_TIMEOUT).application_name("secondwind");
        let mut application = config.clone();
        application.options(format!("-c role={APPLICATION_ROLE}"));
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_config(application.clone(), NoTls, recycling))
            .max_size(POOL_SIZE_MAX)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(POOL_WAIT_MAX))
            .build()?;
        Ok(Self { config, pool })
    }

    /// Brings the schema up to date, as the role of the URL.
    ///
    /// # Errors
    /// [`DatabaseError`] when the database cannot be reached or a migration fails.
    pub async fn migrate(&self) -> Result<Vec<String>, DatabaseError> {
        let mut client = self.connect_as_owner().await?;
        Ok(migrations::run(&mut client).await?)
    }

    /// A connection of one's own, in the role of the URL.
    ///
    /// # Errors
    /// The driver's error when PostgreSQL cannot be reached.
    pub async fn connect_as_owner(&self) -> Result<Client, tokio_postgres::Error> {
        spawn_connection(&self.config).await
    }

    /// A connection of one's own, in the application's role.
    ///
    /// # Errors
    /// The driver's error when PostgreSQL cannot be reached.
    pub async fn connect(&self) -> Result<Client, tokio_postgres::Error> {
        let mut config = self.config.clone();
        config.options(format!("-c role={APPLICATION_ROLE}"));
        spawn_connection(&config).await
    }

    /// A pooled connection in the application's role.
    ///
    /// # Errors
    /// The pool's error when none is free in time or PostgreSQL cannot be reached.
    pub async fn get(&self) -> Result<deadpool_postgres::Object, deadpool_postgres::PoolError> {
        self.pool.get().await
    }
}

async fn spawn_connection(config: &tokio_postgres::Config) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a database connection ended");
        }
    });
    Ok(client)
}
