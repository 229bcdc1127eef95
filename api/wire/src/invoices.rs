//! Invoices, credit notes and statements.

use std::borrow::Cow;

use jiff::civil::Date;
use ledger::{Amount, Day, Instant};
use matching::Price;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// What an invoice is.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceKind {
    /// To a buyer, for the seller's capacity and the exchange's service.
    Invoice,
    /// What is given back of invoices.
    CreditNote,
    /// To a seller, for the exchange's service.
    FeeInvoice,
    /// What a seller earned in a month, written in its name.
    SelfBilledInvoice,
}

/// Which invoices.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InvoicesQuery {
    /// Only of this contract.
    pub contract: Option<Uuid>,
    /// Only of this kind.
    #[param(inline)]
    pub kind: Option<InvoiceKind>,
    /// Only those dated in this month, such as `2027-01`.
    #[param(example = "2027-01")]
    pub month: Option<String>,
    /// Where the page before ended: its `next_cursor`.
    pub cursor: Option<String>,
    /// Items in the page, 1 to 500; 50 when not given.
    pub limit: Option<u32>,
    /// The answer includes at least the event with this sequence, 10,000 ahead of the log at most. It waits for that, five seconds at most.
    pub min_sequence: Option<u64>,
}

/// The form of an invoice.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum InvoiceFormat {
    /// One JSON object.
    Json,
    /// A page that stands for itself, to print and file.
    Html,
}

/// How an invoice is shown.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InvoiceQuery {
    /// `json` or `html`; by `Accept` when not given, or else JSON.
    #[param(inline)]
    pub format: Option<InvoiceFormat>,
}

/// An invoice without its lines.
#[derive(Serialize, Deserialize, ToSchema)]
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

/// A party to an invoice.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct PartyBody {
    /// Its id.
    pub organization: String,
    /// Its name as people write it.
    pub name: String,
}

/// A time that an invoice is about.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct InvoicePeriodBody {
    /// Its first instant.
    #[schema(value_type = String, format = DateTime)]
    pub start: Instant,
    /// The instant after it; null while it lasts.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub end: Option<Instant>,
}

/// What a line of an invoice is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceLineKind {
    /// GPUs for a time.
    Capacity,
    /// The exchange's service.
    ExchangeFee,
    /// Time that was not delivered.
    NotDelivered,
    /// Time recorded as delivered that was not.
    DeliveryReversed,
    /// Earnings for time not delivered that the seller could not give back before.
    Recovered,
    /// What a lot promises for time not delivered, on top of its price.
    Penalty,
    /// Paid time that will not be delivered, because the contract has ended.
    Refund,
    /// A buyer's security deposit, which the seller keeps.
    DepositForfeited,
}

/// A line of an invoice.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct InvoiceLineBody {
    /// `capacity`, `exchange_fee`, `not_delivered`, `delivery_reversed`, `recovered`, `penalty`, `refund` or `deposit_forfeited`.
    #[schema(value_type = String)]
    pub kind: InvoiceLineKind,
    /// What it says to people.
    pub description: String,
    /// Who supplies it: the seller capacity, the exchange its service.
    pub supplier: PartyBody,
    /// The contract it is about.
    pub contract: Option<Uuid>,
    /// The market it was bought in.
    pub market: Option<String>,
    /// When.
    pub period: Option<InvoicePeriodBody>,
    /// How many GPUs.
    pub gpus: Option<u32>,
    /// How much time of them together.
    pub gpu_minutes: Option<u64>,
    /// The price of a GPU-hour, where all of the line has the same.
    #[schema(value_type = Option<String>)]
    pub unit_price: Option<Price>,
    /// The document it refers to: of a credit note the one that it corrects.
    pub document: Option<String>,
    /// How much.
    #[schema(value_type = String)]
    pub amount: Amount,
}

/// What one supplier's lines come to.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct SupplierTotalBody {
    /// The supplier.
    pub supplier: PartyBody,
    /// The sum of its lines.
    #[schema(value_type = String)]
    pub amount: Amount,
}

/// An invoice, a credit note or a statement. It never changes.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct InvoiceBody {
    /// Its number. The numbers of a kind and a year have no gaps.
    #[schema(example = "INV-2027-000001")]
    pub id: String,
    /// `invoice`, `credit_note`, `fee_invoice` or `self_billed_invoice`.
    pub kind: Cow<'static, str>,
    /// The day it is dated.
    #[schema(value_type = String, format = Date)]
    pub issued: Day,
    /// The event with which it was issued.
    pub sequence: u64,
    /// Who writes it.
    pub issuer: PartyBody,
    /// To whom.
    pub recipient: PartyBody,
    /// What amounts are in.
    pub currency: String,
    /// The contract it is about, where it is of one.
    pub contract: Option<Uuid>,
    /// What time it is about.
    pub period: InvoicePeriodBody,
    /// Of a credit note: the documents it corrects.
    pub corrects: Vec<String>,
    /// Its lines.
    pub lines: Vec<InvoiceLineBody>,
    /// What each supplier's lines come to.
    pub suppliers: Vec<SupplierTotalBody>,
    /// What all come to.
    #[schema(value_type = String)]
    pub total: Amount,
}
