//! `secondwind migrate`.

use std::process::ExitCode;

use infra::Database;
use secrecy::SecretString;

/// Brings the schema up to date.
pub(super) async fn migrate(database_url: String) -> anyhow::Result<ExitCode> {
    let applied = Database::new(&SecretString::from(database_url))?.migrate().await?;
    if applied.is_empty() {
        println!("The schema is up to date.");
    }
    for migration in applied {
        println!("applied {migration}");
    }
    Ok(ExitCode::SUCCESS)
}
