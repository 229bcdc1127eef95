//! Documents as they are stored: lists of them without their lines, and one with all of it.

use jiff::civil::Date;
use ledger::{Amount, OrganizationId};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::{Document, DocumentKind};
use crate::NamedColumns as _;
use crate::journal::JournalError;

/// Document without its lines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvoiceSummary {
    /// Place in the order in which documents were issued.
    pub position: i64,
    /// Number, such as `INV-2027-000001`.
    pub number: String,
    /// Name of its kind.
    pub kind: String,
    /// The day it is dated.
    pub issued: Date,
    /// Whom it is addressed to.
    pub organization: String,
    /// The contract it is about; `None` where it is not of one.
    pub contract: Option<Uuid>,
    /// The currency.
    pub currency: String,
    /// What it comes to.
    pub total: Amount,
}

impl InvoiceSummary {
    fn read(row: &Row) -> Result<Self, JournalError> {
        Ok(Self {
            position: row.read("position")?,
            number: row.read("number")?,
            kind: row.read("kind")?,
            issued: row.read("issued")?,
            organization: row.read("organization")?,
            contract: row.read("contract")?,
            currency: row.read("currency")?,
            total: row.read("total")?,
        })
    }
}

/// Which documents to list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct InvoicesOf {
    /// Only those addressed to this organization.
    pub organization: Option<OrganizationId>,
    /// Only those of this contract.
    pub contract: Option<Uuid>,
    /// Only those of this kind.
    pub kind: Option<DocumentKind>,
    /// Only those dated from this day on. It goes with `last`: without either, of all days.
    pub first: Option<Date>,
    /// Only those dated up to this day.
    pub last: Option<Date>,
}

impl InvoicesOf {
    /// Documents after a position, at most `limit` of them, in the order in which they were issued.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read, or holds what no document can be.
    pub async fn after(&self, client: &Client, position: i64, limit: i64) -> Result<Vec<InvoiceSummary>, JournalError> {
        let statement = "SELECT position, number, kind, issued, organization, contract, currency, total FROM invoices \
                         WHERE position > $1 AND ($2::text IS NULL OR organization = $2) AND ($3::uuid IS NULL OR contract = $3) \
                         AND ($4::text IS NULL OR kind = $4) AND ($5::date IS NULL OR issued BETWEEN $5 AND $6) \
                         ORDER BY position LIMIT $7";
        let Self { organization, contract, kind, first, last } = self;
        let organization = organization.as_ref().map(OrganizationId::as_str);
        let kind = kind.map(DocumentKind::name);
        let rows = client.query(statement, &[&position, &organization, contract, &kind, first, last, &limit]).await?;
        rows.iter().map(InvoiceSummary::read).collect()
    }
}

/// Document of a number, of those addressed to `organization` where that is given; `None` when there is none.
///
/// # Errors
/// [`JournalError`] when the database cannot be read, or holds what no document can be.
pub async fn document_of(
    client: &Client,
    number: &str,
    organization: Option<OrganizationId>,
) -> Result<Option<Document>, JournalError> {
    let statement = "SELECT content::text AS content FROM invoices \
                     WHERE number = $1 AND ($2::text IS NULL OR organization = $2)";
    let organization = organization.as_ref().map(OrganizationId::as_str);
    let Some(row) = client.query_opt(statement, &[&number, &organization]).await? else { return Ok(None) };
    let document = serde_json::from_str(&row.read::<String>("content")?);
    document.map(Some).map_err(|error| JournalError::Damaged(format!("{number} cannot be read: {error}")))
}
