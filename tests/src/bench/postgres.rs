//! A PostgreSQL that keeps its promise: every commit is on the disk before it is acknowledged.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use dev_services::{PostgresOptions, PostgresServer};
use infra::Database;
use secrecy::SecretString;
use tempfile::TempDir;

/// The tables that an order writes to.
pub(super) const TABLES: [&str; 4] = ["events", "entries", "lines", "idempotency_keys"];

/// A server of its own on a fresh directory, which goes with it.
pub(super) struct DurablePostgres {
    // Dropped in this order: the server has stopped when its files are removed.
    server: PostgresServer,
    _directory: TempDir,
}

impl DurablePostgres {
    /// Starts it below `parent`, on whose disk the commits land.
    pub fn start(parent: &Path) -> anyhow::Result<Self> {
        // The server's user must be able to pass through; its data directory is closed to others.
        let passable = Permissions::from_mode(0o711);
        let directory =
            tempfile::Builder::new().prefix("secondwind-bench-").permissions(passable).tempdir_in(parent)?;
        let settings = [("fsync", "on"), ("synchronous_commit", "on"), ("shared_buffers", "512MB")];
        let server = PostgresServer::start(PostgresOptions {
            data_dir: directory.path().join("postgres"),
            port: None,
            settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        })?;
        Ok(Self { server, _directory: directory })
    }

    /// A new database with the schema in it.
    pub async fn database(&self, name: &str) -> anyhow::Result<Database> {
        let database = self.empty_database(name).await?;
        database.migrate().await?;
        Ok(database)
    }

    /// A new database with nothing in it.
    pub async fn empty_database(&self, name: &str) -> anyhow::Result<Database> {
        let admin = Database::new(&SecretString::from(self.server.url("postgres")))?.connect_as_owner().await?;
        admin.batch_execute(&format!("CREATE DATABASE {name}")).await.context("a database")?;
        Ok(Database::new(&SecretString::from(self.server.url(name)))?)
    }
}

/// Makes tables without rules beside the real ones: same columns, checks and indexes, no triggers, in a schema of this name.
pub(super) async fn plain_tables(database: &Database, schema: &str) -> anyhow::Result<()> {
    let owner = database.connect_as_owner().await?;
    owner.batch_execute(&format!("CREATE SCHEMA {schema}")).await?;
    for table in TABLES {
        owner.batch_execute(&format!("CREATE TABLE {schema}.{table} (LIKE public.{table} INCLUDING ALL)")).await?;
    }
    Ok(())
}
