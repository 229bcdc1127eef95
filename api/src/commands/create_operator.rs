//! `secondwind create-operator`: the first client of a new exchange, from which all others follow.

use std::process::ExitCode;

use infra::Database;
use secrecy::SecretString;
use wire::organizations::Role;

use crate::auth::{OPERATOR_ORGANIZATION, create_client};

/// Creates a client of the operator and prints its credentials.
pub(super) async fn create_operator(database_url: String) -> anyhow::Result<ExitCode> {
    let database = Database::new(&SecretString::from(database_url))?;
    database.migrate().await?;
    let client = create_client(&database, OPERATOR_ORGANIZATION.parse()?, Role::Operator).await?;
    println!("{}", serde_json::to_string(&client)?);
    Ok(ExitCode::SUCCESS)
}
