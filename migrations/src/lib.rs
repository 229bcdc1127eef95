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
    /// The login may not migrate, and the schema is not the one that this program needs.
    #[error(
        "the schema is at version {found} and this program needs {needed}: run `secondwind migrate` with the login that owns it"
    )]
    Outdated {
        /// The version found; 0 for none.
        found: i32,
        /// The version needed.
        needed: i32,
    },
    /// A migration failed, or the database has one that this program does not know.
    #[error("a migration failed, the schema is unchanged by it: {0}")]
    Migration(#[from] refinery::Error),
}

/// Brings the schema up to date and returns the names of the migrations that were applied. A login that may not change the schema
/// only makes sure that it is the right one, so that the service need not own what it must not change.
///
/// Processes that start together take turns under an advisory lock; refinery alone does not serialize them.
///
/// # Errors
/// [`MigrationError`] when the database refuses, leaving the schema as the last complete migration left it.
pub async fn run(client: &mut Client) -> Result<Vec<String>, MigrationError> {
    if !client.query_one("SELECT has_schema_privilege('public', 'CREATE')", &[]).await?.get::<_, bool>(0) {
        return verify(client).await.map(|()| Vec::new());
    }
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK_KEY]).await?;
    let outcome = embedded::migrations::runner().run_async(client).await;
    client.execute("SELECT pg_advisory_unlock($1)", &[&LOCK_KEY]).await?;
    Ok(outcome?.applied_migrations().iter().map(ToString::to_string).collect())
}

/// Makes sure that the schema is at the last version that this program knows.
async fn verify(client: &Client) -> Result<(), MigrationError> {
    let runner = embedded::migrations::runner();
    let needed = runner.get_migrations().iter().map(refinery::Migration::version).max().unwrap_or(0);
    // Without the table there is no schema at all.
    let table = client.query_one("SELECT to_regclass('refinery_schema_history') IS NOT NULL", &[]).await?;
    let found = if table.get(0) {
        let row = client.query_one("SELECT coalesce(max(version), 0)::int FROM refinery_schema_history", &[]).await?;
        row.get(0)
    } else {
        0
    };
    if found == needed { Ok(()) } else { Err(MigrationError::Outdated { found, needed }) }
}
