//! An invoice as the wire shows it.

use std::collections::BTreeMap;

use infra::invoicing::{Document, InvoiceSummary, Line, Party, Period};
use jiff::civil::Date;
use ledger::{Amount, ContractId, Day, Instant};
use matching::Price;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An invoice without its lines.
#[derive(Serialize, ToSchema)]
pub struct InvoiceSummaryBody {
    /// Its number.
    #[schema(example = "INV-2027-000001")]
    pub id: String,
    /// `invoice`, `credit_note`, `fee_invoice` or `self_billed_invoice`.
    pub kind: String,
    /// The day it is dated.
    #[schema(value_type = String, format = Date)]
    pub issued: Date,
    /// To whom.
    pub organization: String,
    /// The contract it is about, where it is of one.
    pub contract: Option<Uuid>,
    /// What amounts are in.
    pub currency: String,
    /// What it comes to.
    #[schema(value_type = String)]
    pub total: Amount,
}

impl From<&InvoiceSummary> for InvoiceSummaryBody {
    fn from(summary: &InvoiceSummary) -> Self {
        let InvoiceSummary { number, kind, issued, organization, contract, currency, total, .. } = summary.clone();
        Self { id: number, kind, issued, organization, contract, currency, total }
    }
}

/// A party to an invoice.
#[derive(Serialize, ToSchema)]
pub struct PartyBody {
    /// Its id.
    organization: String,
    /// Its name as people write it.
    name: String,
}

impl From<Party> for PartyBody {
    fn from(party: Party) -> Self {
        Self { organization: party.organization.to_string(), name: party.name }
    }
}

/// A time that an invoice is about.
#[derive(Serialize, ToSchema)]
pub struct InvoicePeriodBody {
    /// Its first instant.
    #[schema(value_type = String, format = DateTime)]
    start: Instant,
    /// The instant after it; null while it lasts.
    #[schema(value_type = Option<String>, format = DateTime)]
    end: Option<Instant>,
}

impl From<Period> for InvoicePeriodBody {
    fn from(period: Period) -> Self {
        Self { start: period.start, end: period.end }
    }
}

/// A line of an invoice.
#[derive(Serialize, ToSchema)]
pub struct InvoiceLineBody {
    /// `capacity`, `exchange_fee`, `not_delivered`, `delivery_reversed`, `recovered`, `penalty`, `refund` or `deposit_forfeited`.
    #[schema(value_type = String)]
    kind: infra::invoicing::LineKind,
    /// What it says to people.
    description: String,
    /// Who supplies it: the seller capacity, the exchange its service.
    supplier: PartyBody,
    /// The contract it is about.
    contract: Option<Uuid>,
    /// The market it was bought in.
    market: Option<String>,
    /// When.
    period: Option<InvoicePeriodBody>,
    /// How many GPUs.
    gpus: Option<u32>,
    /// How much time of them together.
    gpu_minutes: Option<u64>,
    /// The price of a GPU-hour, where all of the line has the same.
    #[schema(value_type = Option<String>)]
    unit_price: Option<Price>,
    /// The document it refers to: of a credit note the one that it corrects.
    document: Option<String>,
    /// How much.
    #[schema(value_type = String)]
    amount: Amount,
}

impl From<Line> for InvoiceLineBody {
    fn from(line: Line) -> Self {
        Self {
            kind: line.kind,
            description: line.description,
            supplier: line.supplier.into(),
            contract: line.contract.map(ContractId::uuid),
            market: line.market.map(|market| market.to_string()),
            period: line.period.map(Into::into),
            gpus: line.gpus,
            gpu_minutes: line.gpu_minutes,
            unit_price: line.unit_price,
            document: line.document,
            amount: line.amount,
        }
    }
}

/// What one supplier's lines come to.
#[derive(Serialize, ToSchema)]
pub struct SupplierTotalBody {
    /// The supplier.
    supplier: PartyBody,
    /// The sum of its lines.
    #[schema(value_type = String)]
    amount: Amount,
}

/// An invoice, a credit note or a statement. It never changes.
#[derive(Serialize, ToSchema)]
pub struct InvoiceBody {
    /// Its number. The numbers of a kind and a year have no gaps.
    #[schema(example = "INV-2027-000001")]
    id: String,
    /// `invoice`, `credit_note`, `fee_invoice` or `self_billed_invoice`.
    kind: &'static str,
    /// The day it is dated.
    #[schema(value_type = String, format = Date)]
    issued: Day,
    /// The event with which it was issued.
    sequence: u64,
    /// Who writes it.
    issuer: PartyBody,
    /// To whom.
    recipient: PartyBody,
    /// What amounts are in.
    currency: String,
    /// The contract it is about, where it is of one.
    contract: Option<Uuid>,
    /// What time it is about.
    period: InvoicePeriodBody,
    /// Of a credit note: the documents it corrects.
    corrects: Vec<String>,
    /// Its lines.
    lines: Vec<InvoiceLineBody>,
    /// What each supplier's lines come to.
    suppliers: Vec<SupplierTotalBody>,
    /// What all come to.
    #[schema(value_type = String)]
    total: Amount,
}

impl From<Document> for InvoiceBody {
    fn from(document: Document) -> Self {
        let suppliers = totals(&document).into_iter();
        let suppliers = suppliers.map(|(supplier, amount)| SupplierTotalBody { supplier: supplier.into(), amount });
        Self {
            suppliers: suppliers.collect(),
            id: document.number,
            kind: document.kind.name(),
            issued: document.issued,
            sequence: document.sequence,
            issuer: document.issuer.into(),
            recipient: document.recipient.into(),
            currency: document.currency.to_string(),
            contract: document.contract.map(ContractId::uuid),
            period: document.period.into(),
            corrects: document.corrects,
            lines: document.lines.into_iter().map(Into::into).collect(),
            total: document.total,
        }
    }
}

/// What each supplier's lines come to, by the supplier's id.
pub(super) fn totals(document: &Document) -> Vec<(Party, Amount)> {
    let mut totals = BTreeMap::new();
    for line in &document.lines {
        let (_, total) =
            totals.entry(line.supplier.organization).or_insert_with(|| (line.supplier.clone(), Amount::ZERO));
        *total += line.amount;
    }
    totals.into_values().collect()
}
