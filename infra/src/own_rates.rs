//! Request rates that the operator set for single organizations. They are no part of the exchange's state, so they are in no event: the
//! table keeps every one that was ever set, with who set it.

use jiff::Timestamp;
use ledger::{ClientId, OrganizationId};
use serde::{Deserialize, Serialize};

use crate::config::{Rate, Rates};
use crate::journal::JournalError;
use crate::{Database, NamedColumns as _};

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

impl StoredRates {
    /// These rates, and the usual ones where there are none.
    #[must_use]
    pub fn over(&self, usual: &Rates) -> Self {
        Self {
            instructions: self.instructions.or(Some(usual.instructions)),
            cancels: self.cancels.or(Some(usual.cancels)),
            reads: self.reads.or(Some(usual.reads)),
            computing: self.computing.or(Some(usual.computing)),
            tokens: self.tokens.or(Some(usual.tokens)),
        }
    }
}

/// Rates of one organization.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrganizationRates {
    /// The organization.
    pub organization: OrganizationId,
    /// Its own rates.
    pub rates: StoredRates,
}

/// Rates as they were last set, with who set them when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LastSet {
    /// The rates.
    pub rates: StoredRates,
    /// The client that set them.
    pub set_by: String,
    /// When.
    pub set_at: Timestamp,
}

/// Rates that hold, by organization.
///
/// # Errors
/// [`JournalError`] when the database cannot be read, or holds what are no rates.
pub async fn load_all(database: &Database) -> Result<Vec<OrganizationRates>, JournalError> {
    let client = database.get().await?;
    let statement = "SELECT DISTINCT ON (organization) organization, rates::text AS rates \
                     FROM organization_rate_limits ORDER BY organization, id DESC";
    let mut all = Vec::new();
    for row in client.query(statement, &[]).await? {
        // Nobody else writes organizations here than those who found them admitted.
        if let Ok(organization) = row.read::<String>("organization")?.parse() {
            all.push(OrganizationRates { organization, rates: rates_of(&row.read::<String>("rates")?)? });
        }
    }
    Ok(all)
}

/// Rates that were last set for an organization; `None` when none ever were.
///
/// # Errors
/// [`JournalError`] when the database cannot be read, or holds what are no rates.
pub async fn last_set(database: &Database, organization: OrganizationId) -> Result<Option<LastSet>, JournalError> {
    let client = database.get().await?;
    let statement = "SELECT rates::text AS rates, set_by, set_at FROM organization_rate_limits \
                     WHERE organization = $1 ORDER BY id DESC LIMIT 1";
    let Some(row) = client.query_opt(statement, &[&organization.as_str()]).await? else { return Ok(None) };
    let rates = rates_of(&row.read::<String>("rates")?)?;
    Ok(Some(LastSet { rates, set_by: row.read("set_by")?, set_at: row.read("set_at")? }))
}

/// Sets an organization's own rates.
///
/// # Errors
/// [`JournalError`] when the database cannot be written.
pub async fn store(
    database: &Database,
    organization: OrganizationId,
    rates: &StoredRates,
    set_by: ClientId,
) -> Result<(), JournalError> {
    let client = database.get().await?;
    let statement =
        "INSERT INTO organization_rate_limits (organization, rates, set_by) VALUES ($1, $2::text::jsonb, $3)";
    let rates = serde_json::to_string(rates).map_err(|error| JournalError::Damaged(error.to_string()))?;
    client.execute(statement, &[&organization.as_str(), &rates, &set_by.to_string()]).await?;
    Ok(())
}

fn rates_of(stored: &str) -> Result<StoredRates, JournalError> {
    serde_json::from_str(stored).map_err(|error| JournalError::Damaged(format!("stored rates cannot be read: {error}")))
}
