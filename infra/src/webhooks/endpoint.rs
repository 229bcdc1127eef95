//! Endpoints: where an organization wants its events, which of them, and under which secrets.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::Timestamp;
use ledger::OrganizationId;
use matching::Event;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{WebhookError, WebhookSecret, Webhooks};

/// Largest number of endpoints of one organization.
pub const ENDPOINTS_PER_ORGANIZATION_MAX: i64 = 16;
/// Largest number of secrets that are valid at a time, so that the header which carries their signatures stays short.
pub const SECRETS_MAX: i64 = 4;

/// Length up to which an unknown type is shown, in characters.
const EVENT_TYPE_SHOWN_MAX: usize = 64;

const COLUMNS: &str = "id, url, event_types, created_at, after_sequence, failing_since, disabled_at, disabled_reason";

/// Types that events have.
static EVENT_TYPES: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| Event::schemas().into_iter().map(|(name, _, _)| name).collect());

/// Prefix of a type in what is sent, and in the topic.
pub(super) const TYPE_PREFIX: &str = "secondwind.";

/// Lists the types that events have, for people to read.
pub(super) fn event_types() -> String {
    EVENT_TYPES.iter().copied().collect::<Vec<_>>().join(", ")
}

/// Endpoint of an organization.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Id of the endpoint.
    pub id: Uuid,
    /// URL to which events are sent.
    pub url: String,
    /// Types that are sent; `None` for all.
    pub event_types: Option<Vec<String>>,
    /// Time at which it was created.
    pub created_at: Timestamp,
    /// Head of the log at that time: only later events are sent.
    pub after_sequence: u64,
    /// Time since which every attempt has failed; `None` when the last one succeeded, or none was made.
    pub failing_since: Option<Timestamp>,
    /// Time at which it was disabled, and the cause, `gone` or `failing`; `None` while it is enabled.
    pub disabled: Option<(Timestamp, String)>,
}

fn endpoint_of_row(row: &Row) -> Endpoint {
    let disabled_at: Option<Timestamp> = row.get(6);
    Endpoint {
        id: row.get(0),
        url: row.get(1),
        event_types: row.get(2),
        created_at: row.get(3),
        after_sequence: u64::try_from(row.get::<_, i64>(4)).unwrap_or(0),
        failing_since: row.get(5),
        disabled: disabled_at.zip(row.get(7)),
    }
}

impl Webhooks {
    /// Creates an endpoint, and the secret that signs what is sent to it.
    ///
    /// # Errors
    /// [`WebhookError`] when nothing may be sent there, a type is unknown, or the organization has enough of them.
    pub async fn create(
        &self,
        organization: OrganizationId,
        url: &str,
        event_types: Option<Vec<String>>,
    ) -> Result<(Endpoint, WebhookSecret), WebhookError> {
        let url = self.targets.parse(url)?;
        let event_types = event_types.as_deref().map(known_types).transpose()?;
        self.targets.check_name(&url).await?;
        let secret = WebhookSecret::generate()?;
        let mut client = self.database.get().await?;
        let transaction = client.transaction().await?;
        // Endpoints are created one at a time and not while events are turned into deliveries: so they are counted
        // right, and no event after the head that is read here is passed over.
        transaction.execute("SELECT FROM webhook_position FOR UPDATE", &[]).await?;
        let count = "SELECT count(*) FROM webhooks WHERE organization = $1";
        let count: i64 = transaction.query_one(count, &[&organization.as_str()]).await?.get(0);
        if count >= ENDPOINTS_PER_ORGANIZATION_MAX {
            return Err(WebhookError::TooMany);
        }
        let statement = format!(
            "INSERT INTO webhooks (id, organization, url, event_types, after_sequence) \
             SELECT $1, $2, $3, $4, head FROM leadership RETURNING {COLUMNS}"
        );
        let id = Uuid::now_v7();
        let row =
            transaction.query_one(&statement, &[&id, &organization.as_str(), &url.as_str(), &event_types]).await?;
        let statement = "INSERT INTO webhook_secrets (webhook, secret) VALUES ($1, $2)";
        transaction.execute(statement, &[&id, &secret.bytes()]).await?;
        transaction.commit().await?;
        Ok((endpoint_of_row(&row), secret))
    }

    /// Lists the organization's endpoints, oldest first.
    ///
    /// # Errors
    /// [`WebhookError`] when the database is away.
    pub async fn list(&self, organization: OrganizationId) -> Result<Vec<Endpoint>, WebhookError> {
        let client = self.database.get().await?;
        let statement = format!("SELECT {COLUMNS} FROM webhooks WHERE organization = $1 ORDER BY id");
        let rows = client.query(&statement, &[&organization.as_str()]).await?;
        Ok(rows.iter().map(endpoint_of_row).collect())
    }

    /// Finds one of the organization's endpoints.
    ///
    /// # Errors
    /// [`WebhookError::Unknown`] when it has no such endpoint.
    pub async fn find(&self, organization: OrganizationId, id: Uuid) -> Result<Endpoint, WebhookError> {
        let client = self.database.get().await?;
        let statement = format!("SELECT {COLUMNS} FROM webhooks WHERE id = $1 AND organization = $2");
        let row = client.query_opt(&statement, &[&id, &organization.as_str()]).await?;
        row.as_ref().map(endpoint_of_row).ok_or(WebhookError::Unknown("webhook of your organization"))
    }

    /// Deletes an endpoint with its deliveries. A request that is on its way is not called back.
    ///
    /// # Errors
    /// [`WebhookError::Unknown`] when the organization has no such endpoint.
    pub async fn delete(&self, organization: OrganizationId, id: Uuid) -> Result<(), WebhookError> {
        let client = self.database.get().await?;
        let statement = "DELETE FROM webhooks WHERE id = $1 AND organization = $2";
        let deleted = client.execute(statement, &[&id, &organization.as_str()]).await?;
        if deleted == 1 { Ok(()) } else { Err(WebhookError::Unknown("webhook of your organization")) }
    }

    /// Gives an endpoint a new secret. The one before stays valid for a day: what is sent meanwhile carries the
    /// signatures of both.
    ///
    /// # Errors
    /// [`WebhookError`] when the organization has no such endpoint, or its secret was changed too often.
    pub async fn rotate_secret(&self, organization: OrganizationId, id: Uuid) -> Result<WebhookSecret, WebhookError> {
        let secret = WebhookSecret::generate()?;
        let mut client = self.database.get().await?;
        let transaction = client.transaction().await?;
        let statement = "SELECT FROM webhooks WHERE id = $1 AND organization = $2 FOR UPDATE";
        if transaction.query_opt(statement, &[&id, &organization.as_str()]).await?.is_none() {
            return Err(WebhookError::Unknown("webhook of your organization"));
        }
        let count = "SELECT count(*) FROM webhook_secrets WHERE webhook = $1 AND coalesce(valid_until > now(), true)";
        if transaction.query_one(count, &[&id]).await?.get::<_, i64>(0) >= SECRETS_MAX {
            return Err(WebhookError::TooManySecrets);
        }
        let replace = "UPDATE webhook_secrets SET valid_until = now() + interval '24 hours' \
                       WHERE webhook = $1 AND valid_until IS NULL";
        transaction.execute(replace, &[&id]).await?;
        let insert = "INSERT INTO webhook_secrets (webhook, secret) VALUES ($1, $2)";
        transaction.execute(insert, &[&id, &secret.bytes()]).await?;
        transaction.commit().await?;
        Ok(secret)
    }

    /// Enables an endpoint that was disabled: it receives what happens from now on.
    ///
    /// # Errors
    /// [`WebhookError::Unknown`] when the organization has no such endpoint.
    pub async fn enable(&self, organization: OrganizationId, id: Uuid) -> Result<Endpoint, WebhookError> {
        let client = self.database.get().await?;
        let statement = format!(
            "UPDATE webhooks SET disabled_at = NULL, disabled_reason = NULL, failing_since = NULL \
             WHERE id = $1 AND organization = $2 RETURNING {COLUMNS}"
        );
        let row = client.query_opt(&statement, &[&id, &organization.as_str()]).await?;
        let endpoint =
            row.as_ref().map(endpoint_of_row).ok_or(WebhookError::Unknown("webhook of your organization"))?;
        self.wake.send_replace(());
        Ok(endpoint)
    }
}

/// Returns the types, each once, if there are events of all of them.
fn known_types(types: &[String]) -> Result<Vec<String>, WebhookError> {
    if types.is_empty() {
        return Err(WebhookError::NoEventTypes);
    }
    let mut known = BTreeSet::new();
    for name in types {
        let found = EVENT_TYPES.get(name.strip_prefix(TYPE_PREFIX).unwrap_or(name));
        let unknown = || WebhookError::EventTypeUnknown(name.chars().take(EVENT_TYPE_SHOWN_MAX).collect());
        known.insert((*found.ok_or_else(unknown)?).to_owned());
    }
    Ok(known.into_iter().collect())
}
