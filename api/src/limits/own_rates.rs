//! Rates that the operator set for single organizations. They are no part of the exchange's state, so they are in no event: the table
//! keeps every one that was ever set, with who set it.

use infra::Database;
use infra::config::Rate;
use jiff::Timestamp;
use ledger::{ClientId, OrganizationId};
use serde::{Deserialize, Serialize};

use super::quota::Single;
use crate::operations::Budget;
use crate::problem::Problem;

/// Rates of an organization's own, by budget. A budget without one has the configured rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredRates {
    /// What changes something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<Rate>,
    /// Cancelling orders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancels: Option<Rate>,
    /// Reads that look something up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads: Option<Rate>,
    /// Reads that compute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub computing: Option<Rate>,
    /// Access tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Rate>,
}

/// Counts an organization by its own rates.
pub struct OwnRates([Option<Single>; 5]);

impl OwnRates {
    pub(super) fn new(rates: &StoredRates) -> Self {
        let StoredRates { instructions, cancels, reads, computing, tokens } = *rates;
        // In the order of `Budget`.
        Self([instructions, cancels, reads, computing, tokens].map(|rate| rate.map(Single::new)))
    }

    pub(super) fn of(&self, budget: Budget) -> Option<&Single> {
        self.0.get(budget as usize)?.as_ref()
    }
}

/// Own rates cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum OwnRatesError {
    /// No connection.
    #[error("no database connection: {0}")]
    Pool(#[from] deadpool_postgres::PoolError),
    /// The database refused.
    #[error("PostgreSQL: {0}")]
    Database(#[from] tokio_postgres::Error),
    /// The server is being stopped.
    #[error("setting the rates was interrupted")]
    Interrupted,
    /// What is stored are no rates.
    #[error("stored rates cannot be read: {0}")]
    Stored(#[from] serde_json::Error),
}

impl From<OwnRatesError> for Problem {
    fn from(error: OwnRatesError) -> Self {
        match error {
            OwnRatesError::Pool(error) => error.into(),
            OwnRatesError::Database(error) => error.into(),
            OwnRatesError::Stored(_) | OwnRatesError::Interrupted => Self::internal(&error),
        }
    }
}

/// Rates as they were last set, with who set them when.
pub struct LastSet {
    /// The rates.
    pub rates: StoredRates,
    /// The client that set them.
    pub set_by: String,
    /// When.
    pub set_at: Timestamp,
}

/// The rates that hold, by organization.
pub(super) async fn load(database: &Database) -> Result<Vec<(OrganizationId, StoredRates)>, OwnRatesError> {
    let client = database.get().await?;
    let statement = "SELECT DISTINCT ON (organization) organization, rates::text \
                     FROM organization_rate_limits ORDER BY organization, id DESC";
    let mut rates = Vec::new();
    for row in client.query(statement, &[]).await? {
        // Nobody else writes organizations here than those who found them admitted.
        if let Ok(organization) = row.get::<_, &str>(0).parse() {
            rates.push((organization, serde_json::from_str(row.get(1))?));
        }
    }
    Ok(rates)
}

/// The rates that were last set for an organization; `None` when none ever were.
pub(crate) async fn last_set(
    database: &Database,
    organization: OrganizationId,
) -> Result<Option<LastSet>, OwnRatesError> {
    let client = database.get().await?;
    let statement = "SELECT rates::text, set_by, set_at FROM organization_rate_limits \
                     WHERE organization = $1 ORDER BY id DESC LIMIT 1";
    let row = client.query_opt(statement, &[&organization.as_str()]).await?;
    let last = row.map(|row| -> Result<_, serde_json::Error> {
        Ok(LastSet { rates: serde_json::from_str(row.get(0))?, set_by: row.get(1), set_at: row.get(2) })
    });
    Ok(last.transpose()?)
}

pub(super) async fn store(
    database: &Database,
    organization: OrganizationId,
    rates: &StoredRates,
    set_by: ClientId,
) -> Result<(), OwnRatesError> {
    let client = database.get().await?;
    let statement =
        "INSERT INTO organization_rate_limits (organization, rates, set_by) VALUES ($1, $2::text::jsonb, $3)";
    let rates = serde_json::to_string(rates)?;
    client.execute(statement, &[&organization.as_str(), &rates, &set_by.to_string()]).await?;
    Ok(())
}
