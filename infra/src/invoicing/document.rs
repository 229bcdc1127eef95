//! A document: who is told what has been charged, given back or earned. It never changes once it is issued.

use ledger::{Amount, ContractId, Currency, Day, Instant, OrganizationId};
use matching::{MarketId, Price, Window};
use serde::{Deserialize, Serialize};

/// What a document is. Each kind has numbers of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// What a buyer pays: to the seller for capacity, to the exchange for its service.
    Invoice,
    /// What is given back of invoices.
    CreditNote,
    /// What a seller pays to the exchange for its service.
    FeeInvoice,
    /// What a seller has earned in a month, written by the exchange in the seller's name.
    SelfBilledInvoice,
}

impl DocumentKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Invoice, Self::CreditNote, Self::FeeInvoice, Self::SelfBilledInvoice];

    /// Its name, as it is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
            Self::FeeInvoice => "fee_invoice",
            Self::SelfBilledInvoice => "self_billed_invoice",
        }
    }

    /// The kind of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What its numbers begin with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Invoice => "INV",
            Self::CreditNote => "CN",
            Self::FeeInvoice => "FEE",
            Self::SelfBilledInvoice => "SB",
        }
    }
}

/// What a line is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
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

impl LineKind {
    /// What it is called.
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

/// An organization, by the name it had then.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Party {
    /// Its id.
    pub organization: OrganizationId,
    /// Its name as people write it.
    pub name: String,
}

/// From when until when.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Period {
    /// Its first instant.
    pub start: Instant,
    /// The instant after it; none while it lasts.
    pub end: Option<Instant>,
}

impl From<Window> for Period {
    fn from(window: Window) -> Self {
        Self { start: window.start().start(), end: Some(window.end().start()) }
    }
}

/// A line of a document.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line<P = Party> {
    /// What for.
    pub kind: LineKind,
    /// Who supplies it.
    pub supplier: P,
    /// What it says to people.
    pub description: String,
    /// The contract it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractId>,
    /// The market it was bought in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<MarketId>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// How many GPUs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<u32>,
    /// How much time of them together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_minutes: Option<u64>,
    /// The price of a GPU-hour, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Price>,
    /// The other document it refers to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// How much.
    pub amount: Amount,
}

impl<P> Line<P> {
    /// A line with nothing but an amount.
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

/// A document.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Document {
    /// Its number, such as `INV-2027-000001`.
    pub number: String,
    /// What it is.
    pub kind: DocumentKind,
    /// The day it is dated.
    pub issued: Day,
    /// The event with which it was issued.
    pub sequence: u64,
    /// Who writes it: the exchange.
    pub issuer: Party,
    /// To whom.
    pub recipient: Party,
    /// What amounts are in.
    pub currency: Currency,
    /// The contract it is about, where it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractId>,
    /// What time it is about.
    pub period: Period,
    /// Of a credit note: the numbers of the documents it corrects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrects: Vec<String>,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Their sum.
    pub total: Amount,
}
