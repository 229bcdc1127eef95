//! API clients: created with a secret that is shown once.

use aws_lc_rs::rand;
use infra::Database;
use ledger::OrganizationId;
use wire::organizations::{NewClient, Role};

use super::OPERATOR_ORGANIZATION;
use super::secrets::{self, SecretHash, Verdict};

/// Random bytes in a secret.
const SECRET_BYTES: usize = 32;
/// Random bytes in a client's id.
const ID_BYTES: usize = 8;
/// No client's id is longer, in bytes.
const ID_LENGTH_MAX: usize = 128;

/// A client was not created or not recognized.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The role belongs to the operator's organization.
    #[error("clients of the role {} belong to the organization {OPERATOR_ORGANIZATION}", .0.as_str())]
    RoleNotForOrganization(Role),
    /// The system has no randomness.
    #[error("the system has no randomness")]
    Randomness,
    /// As many hashes of earlier releases are being checked as may be at a time.
    #[error("too many secrets are being checked")]
    Busy,
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
    let hash = SecretHash::of(&client_secret);
    let client = database.get().await?;
    let statement = "INSERT INTO api_clients (client_id, organization, role, secret_hash) VALUES ($1, $2, $3, $4)";
    client.execute(statement, &[&client_id, &organization.as_str(), &role.as_str(), &hash.as_str()]).await?;
    Ok(NewClient { client_id, client_secret, organization, role })
}

/// Whom a client's credentials stand for; nothing when they do not fit.
///
/// # Errors
/// [`ClientError`] when the database is away, or a hash of an earlier release cannot be checked now.
pub async fn authenticate(
    database: &Database,
    client_id: &str,
    secret: &str,
) -> Result<Option<(OrganizationId, Role)>, ClientError> {
    let known = find(database, client_id).await?;
    // An unknown client costs the same work as a wrong secret, so that ids cannot be probed by time.
    let stored = known.as_ref().map_or_else(SecretHash::of_nobody, |(_, stored)| stored.clone());
    let verdict = secrets::verify(&stored, secret).await.map_err(|secrets::Busy| ClientError::Busy)?;
    let Some((identity, _)) = known else { return Ok(None) };
    match verdict {
        Verdict::Wrong => return Ok(None),
        Verdict::Right => {}
        Verdict::RightByArgon2 => {
            let client = database.get().await?;
            let upgraded = SecretHash::of(secret);
            let statement = "SELECT upgrade_client_secret($1, $2, $3)";
            client.execute(statement, &[&client_id, &stored.as_str(), &upgraded.as_str()]).await?;
        }
    }
    Ok(Some(identity))
}

/// The client of this id: whom it stands for, and the hash of its secret. No connection is held afterwards.
async fn find(
    database: &Database,
    client_id: &str,
) -> Result<Option<((OrganizationId, Role), SecretHash)>, ClientError> {
    // No id is that long or has a NUL, which PostgreSQL cannot compare with.
    if client_id.len() > ID_LENGTH_MAX || client_id.contains('\0') {
        return Ok(None);
    }
    let client = database.get().await?;
    let statement =
        "SELECT organization, role, secret_hash FROM api_clients WHERE client_id = $1 AND disabled_at IS NULL";
    let row = client.query_opt(statement, &[&client_id]).await?;
    Ok(row.and_then(|row| {
        let organization = row.get::<_, &str>(0).parse().ok()?;
        Some(((organization, Role::find(row.get(1))?), SecretHash::stored(row.get(2))))
    }))
}

fn random_hex(bytes: usize) -> Result<String, ClientError> {
    let mut random = vec![0; bytes];
    rand::fill(&mut random).map_err(|_| ClientError::Randomness)?;
    Ok(hex::encode(random))
}
