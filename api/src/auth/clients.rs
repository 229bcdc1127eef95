//! API clients: created with a secret that is shown once, and checked against its Argon2id hash.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use aws_lc_rs::rand;
use infra::Database;
use ledger::OrganizationId;
use serde::Serialize;
use utoipa::ToSchema;

use super::{OPERATOR_ORGANIZATION, Role};

/// Random bytes in a secret.
const SECRET_BYTES: usize = 32;
/// Random bytes in a client's id.
const ID_BYTES: usize = 8;

/// A client as it was created. The secret is shown this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NewClient {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Whose it is.
    #[schema(value_type = String)]
    pub organization: OrganizationId,
    /// What it may do.
    pub role: Role,
}

/// A client was not created or not recognized.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The role belongs to the operator's organization.
    #[error("clients of the role {} belong to the organization {OPERATOR_ORGANIZATION}", .0.as_str())]
    RoleNotForOrganization(Role),
    /// Hashing or randomness failed.
    #[error("the secret cannot be hashed: {0}")]
    Hash(String),
    /// The database refused.
    #[error("PostgreSQL: {0}")]
    Database(#[from] tokio_postgres::Error),
    /// No connection.
    #[error("no database connection: {0}")]
    Pool(#[from] deadpool_postgres::PoolError),
}

/// Creates a client of an organization.
///
/// # Errors
/// [`ClientError`] when the role does not fit the organization, or the database is away.
pub async fn create_client(
    database: &Database,
    organization: OrganizationId,
    role: Role,
) -> Result<NewClient, ClientError> {
    if role.is_of_the_house() && organization.as_str() != OPERATOR_ORGANIZATION {
        return Err(ClientError::RoleNotForOrganization(role));
    }
    let client_id = format!("{organization}-{}-{}", role.as_str(), random_hex(ID_BYTES)?);
    let client_secret = random_hex(SECRET_BYTES)?;
    let secret = client_secret.clone();
    let hash = blocking(move || {
        let hash = Argon2::default().hash_password(secret.as_bytes());
        hash.map(|hash| hash.to_string()).map_err(|error| ClientError::Hash(error.to_string()))
    })
    .await?;
    let client = database.get().await?;
    let statement = "INSERT INTO api_clients (client_id, organization, role, secret_hash) VALUES ($1, $2, $3, $4)";
    client.execute(statement, &[&client_id, &organization.as_str(), &role.as_str(), &hash]).await?;
    Ok(NewClient { client_id, client_secret, organization, role })
}

/// Whom a client's credentials stand for; nothing when they do not fit.
///
/// # Errors
/// [`ClientError`] when the database is away.
pub async fn authenticate(
    database: &Database,
    client_id: &str,
    secret: &str,
) -> Result<Option<(OrganizationId, Role)>, ClientError> {
    let client = database.get().await?;
    let statement =
        "SELECT organization, role, secret_hash FROM api_clients WHERE client_id = $1 AND disabled_at IS NULL";
    // No id has a NUL, which PostgreSQL cannot compare with.
    let row = if client_id.contains('\0') { None } else { client.query_opt(statement, &[&client_id]).await? };
    let known = row.and_then(|row| {
        let organization = row.get::<_, &str>(0).parse().ok()?;
        Some((organization, Role::find(row.get(1))?, row.get::<_, String>(2)))
    });
    // An unknown client costs the same work as a wrong secret, so that ids cannot be probed by time.
    let (identity, hash) = match known {
        Some((organization, role, hash)) => (Some((organization, role)), hash),
        None => (None, UNKNOWN_CLIENT_HASH.to_owned()),
    };
    let secret = secret.to_owned();
    let fits = blocking(move || {
        let hash = PasswordHash::new(&hash).map_err(|error| ClientError::Hash(error.to_string()))?;
        Ok(Argon2::default().verify_password(secret.as_bytes(), &hash).is_ok())
    })
    .await?;
    Ok(identity.filter(|_| fits))
}

/// A hash with the default costs of no secret in use.
const UNKNOWN_CLIENT_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$YWFhYWFhYWFhYWFhYWFhYQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Runs hashing, which takes tens of milliseconds, off the server's tasks.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ClientError> + Send + 'static,
) -> Result<T, ClientError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| ClientError::Hash(error.to_string()))?
}

fn random_hex(bytes: usize) -> Result<String, ClientError> {
    let mut random = vec![0; bytes];
    rand::fill(&mut random).map_err(|_| ClientError::Hash("no randomness".into()))?;
    Ok(hex::encode(random))
}
