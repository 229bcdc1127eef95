//! The bank: its accounts, what it has booked, what that was for, and the payouts that it carries out.

mod bank_account_closed;
mod bank_account_opened;
mod bank_lines_booked;
mod deposit_expected;
mod payout_requested;
mod payout_returned;
mod reconciled;
mod reconciliation_undone;
mod statement_imported;

use ledger::{
    AccountKind, Amount, BoxId, Currency, DepositId, Label, OrganizationId, PayoutId, ReconciliationId, StatementId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use bank_account_closed::BankAccountClosed;
pub use bank_account_opened::BankAccountOpened;
pub use bank_lines_booked::BankLinesBooked;
pub use deposit_expected::DepositExpected;
pub use payout_requested::PayoutRequested;
pub use payout_returned::PayoutReturned;
pub use reconciled::Reconciled;
pub use reconciliation_undone::ReconciliationUndone;
pub use statement_imported::StatementImported;

/// One line of a statement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BankLineId {
    /// The statement.
    pub statement: StatementId,
    /// Its place in it, from 1.
    pub line: u32,
}

/// A booking, or a part of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MatchedLine {
    /// The line.
    pub line: BankLineId,
    /// How much of it: money received is positive.
    pub amount: Amount,
}

/// What a booking was for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchedTarget {
    /// A deposit that was announced.
    Deposit {
        /// Which.
        deposit: DepositId,
        /// Whose money.
        organization: OrganizationId,
    },
    /// A deposit that was credited before its booking was known.
    Recorded {
        /// Which.
        deposit: DepositId,
        /// Whose money.
        organization: OrganizationId,
    },
    /// A payout.
    Payout {
        /// Which.
        payout: PayoutId,
        /// Whose money.
        organization: OrganizationId,
    },
    /// A deposit that nobody had announced.
    Organization {
        /// Whose money.
        organization: OrganizationId,
    },
    /// What the exchange paid a box.
    Box {
        /// Which.
        #[serde(rename = "box")]
        box_id: BoxId,
    },
    /// Something of the exchange's own.
    Account {
        /// Its account in the chart.
        account: AccountKind,
    },
}

/// What a booking, or a part of one, was for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MatchedItem {
    /// What it was for.
    pub target: MatchedTarget,
    /// How much: money received is positive.
    pub amount: Amount,
}

/// Where the money of a payout comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PayoutSource {
    /// What the organization has earned.
    Payable,
    /// What it has free.
    Available,
}

/// Explained bookings, with one organization's own items only.
#[derive(Serialize)]
pub(super) struct OwnReconciliation {
    reconciliation: ReconciliationId,
    currency: Currency,
    items: Vec<OwnItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Label>,
}

/// What a booking was for.
#[derive(Serialize)]
struct OwnItem {
    target: MatchedTarget,
    amount: Amount,
}

impl OwnReconciliation {
    pub fn of(e: &Reconciled, reason: Option<&Label>, reader: OrganizationId) -> Self {
        let own = e.items.iter().filter(|item| item.organization() == Some(reader));
        let items = own.map(|item| OwnItem { target: item.target.clone(), amount: item.amount }).collect();
        Self { reconciliation: e.reconciliation, currency: e.currency, items, reason: reason.cloned() }
    }
}

impl MatchedItem {
    /// Whose money it is.
    pub fn organization(&self) -> Option<OrganizationId> {
        match self.target {
            MatchedTarget::Deposit { organization, .. }
            | MatchedTarget::Recorded { organization, .. }
            | MatchedTarget::Payout { organization, .. }
            | MatchedTarget::Organization { organization } => Some(organization),
            MatchedTarget::Box { .. } | MatchedTarget::Account { .. } => None,
        }
    }
}
