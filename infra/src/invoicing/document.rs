//! Documents: statements to a party of what has been charged, given back or earned. A document never changes once it is
//! issued.

use ledger::{Amount, ContractId, Currency, Day, Instant, OrganizationId};
use matching::{MarketId, Price, Window};
use serde::{Deserialize, Serialize};

/// Kind of a document. Each kind has numbers of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// Charge of a buyer: by the seller for capacity, by the exchange for its service.
    Invoice,
    /// Credit on earlier invoices.
    CreditNote,
    /// Charge of a seller by the exchange for its service.
    FeeInvoice,
    /// Earnings of a seller in a month, written by the exchange in the seller's name.
    SelfBilledInvoice,
}

impl DocumentKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Invoice, Self::CreditNote, Self::FeeInvoice, Self::SelfBilledInvoice];

    /// Returns the name under which it is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
            Self::FeeInvoice => "fee_invoice",
            Self::SelfBilledInvoice => "self_billed_invoice",
        }
    }

    /// Finds the kind of this name; `None` when there is none.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns the prefix of its numbers.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Invoice => "INV",
            Self::CreditNote => "CN",
            Self::FeeInvoice => "FEE",
            Self::SelfBilledInvoice => "SB",
        }
    }
}

/// Kind of a line: what it charges or gives back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// GPUs for a time.
    Capacity,
    /// Service of the exchange.
    ExchangeFee,
    /// Time that was not delivered.
    NotDelivered,
    /// Time recorded as delivered that was not.
    DeliveryReversed,
    /// Earnings for time not delivered that the seller could not give back before.
    Recovered,
    /// Penalty that a lot promises for time not delivered, on top of the credit.
    Penalty,
    /// Paid time that will not be delivered, because the contract has ended.
    Refund,
    /// Security deposit of a buyer, which the seller keeps.
    DepositForfeited,
}

impl LineKind {
    /// Returns the description for people.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Capacity => "GPU capacity",
            Self::ExchangeFee => "Exchange service",
            Self::NotDelivered => "Time not delivered",
            Self::DeliveryReversed => "Delivery taken back after an outage",
            Self::Recovered => "Given back for earlier time not delivered",
            Self::Penalty => "Penalty for time not delivered",
            Self::Refund => "Paid time that will not be delivered",
            Self::DepositForfeited => "Forfeited security deposit",
        }
    }
}

/// Organization, by the name that it had when the document was issued.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Party {
    /// Id of the organization.
    pub organization: OrganizationId,
    /// Name as people write it.
    pub name: String,
}

/// Span of time, `[start, end)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Period {
    /// Start, inclusive.
    pub start: Instant,
    /// End, exclusive; `None` while it lasts.
    pub end: Option<Instant>,
}

impl From<Window> for Period {
    fn from(window: Window) -> Self {
        Self { start: window.start().start(), end: Some(window.end().start()) }
    }
}

/// Line of a document.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line<P = Party> {
    /// Kind of the line.
    pub kind: LineKind,
    /// Party that supplies it.
    pub supplier: P,
    /// Description for people.
    pub description: String,
    /// Contract that it is about; `None` where it is of no single one, such as spot hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractId>,
    /// Market in which it was bought; `None` where it is not of one market.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<MarketId>,
    /// Span of time that it is about; `None` where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// Number of GPUs; `None` where the line has no single number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<u32>,
    /// Time of all GPUs together, in GPU-minutes; `None` where it is not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_minutes: Option<u64>,
    /// Price per GPU-hour; `None` where there is not a single one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Price>,
    /// Number of another document that it refers to; `None` when it refers to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// Amount in the document's currency.
    pub amount: Amount,
}

impl<P> Line<P> {
    /// Makes a line with nothing but an amount.
    pub fn of(kind: LineKind, supplier: P, amount: Amount) -> Self {
        Self {
            kind,
            supplier,
            description: kind.description().to_owned(),
            contract: None,
            market: None,
            period: None,
            gpus: None,
            gpu_minutes: None,
            unit_price: None,
            document: None,
            amount,
        }
    }
}

/// Issued document.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Document {
    /// Number, such as `INV-2027-000001`, without gaps in its kind and year.
    pub number: String,
    /// Kind of the document.
    pub kind: DocumentKind,
    /// Day of issue.
    pub issued: Day,
    /// Sequence of the event with which it was issued.
    pub sequence: u64,
    /// Party that writes it: the exchange.
    pub issuer: Party,
    /// Party that receives it.
    pub recipient: Party,
    /// Currency of all amounts.
    pub currency: Currency,
    /// Contract that all of it is about; `None` where it is of several or of spot hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractId>,
    /// Span of time that it covers.
    pub period: Period,
    /// Numbers of the documents that a credit note corrects; empty for other kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrects: Vec<String>,
    /// Lines in order.
    pub lines: Vec<Line>,
    /// Sum of the lines.
    pub total: Amount,
}
