//! The database schema as a series of SQL files, and the one way to apply them.
//!
//! A migration only ever *expands* the schema; what is no longer used is *contracted* in a later release, so that two
//! neighbouring releases can run on one database. Files are never edited once released.
//!
//! This crate knows nothing of what the tables mean to the exchange.

use tokio_postgres::Client;

mod embedded {
    refinery::embed_migrations!("sql");
}

/// The key of the advisory lock under which migrations run: "secondwd" in ASCII.
const LOCK_KEY: i64 = 0x7365_636f_6e64_7764;

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The lock could not be taken or given back.
    #[error("the migration lock could not be taken: {0}")]
    Lock(#[from] tokio_postgres::Error),
    /// A migration failed, or the database has one that this program does not know.
    #[error("a migration failed, the schema is unchanged by it: {0}")]
    Migration(#[from] refinery::Error),
}

/// Brings the schema up to date and returns the names of the migrations that were applied.
///
/// Processes that start together take turns under an advisory lock; refinery alone does not serialize them.
///
/// # Errors
/// [`MigrationError`] when the database refuses, leaving the schema as the last complete migration left it.
pub async fn run(client: &mut Client) -> Result<Vec<String>, MigrationError> {
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK_KEY]).await?;
    let outcome = embedded::migrations::runner().run_async(client).await;
    client.execute("SELECT pg_advisory_unlock($1)", &[&LOCK_KEY]).await?;
    Ok(outcome?.applied_migrations().iter().map(ToString::to_string).collect())
}
