//! Manual journals: lines that one person proposes and another approves.

use std::borrow::Cow;

use ledger::{Amount, ClientId, Currency, Day, JournalLine, OrganizationId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A line of a journal.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JournalLineBody {
    /// The account in the chart: of the operator's own `1900-currency-position`, `2400-withheld-tax`, `3000-equity`,
    /// `4000-fee-revenue`, `4900-other-income`, `6000-expense` and `6900-bank-difference`; of organizations `2000-customer-available` and
    /// `2200-seller-payable`.
    #[schema(example = "6000-expense")]
    pub account: String,
    /// Whose part of it; the operator's own when not given.
    #[schema(value_type = Option<String>)]
    pub organization: Option<OrganizationId>,
    /// How much: a debit is positive, a credit negative.
    #[schema(value_type = String, example = "25.00")]
    pub amount: Amount,
}

impl From<&JournalLine> for JournalLineBody {
    fn from(line: &JournalLine) -> Self {
        Self { account: line.account.code().to_owned(), organization: line.organization, amount: line.amount }
    }
}

/// Lines to be proposed.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewJournalBody {
    /// What it is for, at most 120 characters.
    #[schema(example = "goodwill for the outage of January 5")]
    pub text: String,
    /// The lines' currency.
    #[schema(value_type = String, example = "USD")]
    pub currency: Currency,
    /// The lines: 2 to 100, each of another account, which come to zero.
    pub lines: Vec<JournalLineBody>,
    /// The day it is to be dated, in a month that is open and not in the future; that of its approval when not given.
    #[schema(value_type = Option<String>, format = Date)]
    pub effective_date: Option<Day>,
    /// The sequence of the event whose entries it corrects.
    pub corrects: Option<u64>,
}

/// A manual journal.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct JournalBody {
    /// Its id.
    pub id: Uuid,
    /// `proposed`, `approved` or `rejected`.
    pub status: Cow<'static, str>,
    /// What it is for.
    pub text: String,
    /// The lines' currency.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// The lines.
    pub lines: Vec<JournalLineBody>,
    /// The client that proposed it.
    #[schema(value_type = String)]
    pub proposed_by: ClientId,
    /// The client that approved or rejected it.
    #[schema(value_type = Option<String>)]
    pub decided_by: Option<ClientId>,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// The day it is dated, or to be dated where that was said.
    #[schema(value_type = Option<String>, format = Date)]
    pub effective_date: Option<Day>,
    /// The sequence of the event whose entries it corrects.
    pub corrects: Option<u64>,
    /// The event that its entry records, when it is approved: `GET /v1/ledger/entries?event=…`.
    pub sequence: Option<u64>,
}

/// Which journals to list.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct JournalQuery {
    /// Only those that are `proposed`, `approved` or `rejected`.
    pub status: Option<JournalStatusName>,
}

/// What became of a journal.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JournalStatusName {
    /// Nothing so far.
    Proposed,
    /// It is in the books.
    Approved,
    /// It will not be in the books.
    Rejected,
}
