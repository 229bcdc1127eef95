//! The books' own: months that close, lines that people agree on, and tax that is withheld.

use ledger::{ClientId, Currency, Day, JournalId, JournalLine, Label, Month, OrganizationId, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A month was closed, for good: nothing is dated in it any more.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PeriodClosed {
    /// The month.
    pub period: Month,
    /// Who closed it.
    pub by: ClientId,
}

/// Somebody proposed lines for the books.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JournalProposed {
    /// Its id.
    pub journal: JournalId,
    /// Who proposed it.
    pub by: ClientId,
    /// The day it is to be dated; that of its approval when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Day>,
    /// The lines' currency.
    pub currency: Currency,
    /// The lines, which come to zero.
    pub lines: Vec<JournalLine>,
    /// What it is for.
    #[serde(deserialize_with = "from_log")]
    pub text: Label,
    /// The event whose entries it corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<u64>,
}

/// Somebody else approved them: they are in the books.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JournalApproved {
    /// What was approved.
    pub proposed: JournalProposed,
    /// Who approved it.
    pub by: ClientId,
    /// The day it is dated.
    pub day: Day,
}

/// Proposed lines will not be in the books.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JournalRejected {
    /// The journal.
    pub journal: JournalId,
    /// Who said so; its proposer takes it back.
    pub by: ClientId,
    /// Why.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
}

/// How much of a seller's payouts is withheld as tax was set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WithholdingSet {
    /// The seller.
    pub organization: OrganizationId,
    /// Of what it has paid out of its earnings, in basis points; 0 when nothing is withheld.
    pub basis_points: u16,
}
