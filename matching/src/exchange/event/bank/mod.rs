//! Events of the bank: accounts, bookings, reconciliation and payouts.

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

/// Line of a statement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BankLineId {
    /// Statement that has the line.
    pub statement: StatementId,
    /// Place of the line in it, from 1.
    pub line: u32,
}

/// Booking, or a part of one, that is explained.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MatchedLine {
    /// Statement and line of the booking.
    pub line: BankLineId,
    /// Part that is explained: positive is money received, negative money paid.
    pub amount: Amount,
}

/// Target of a booking: what it was for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchedTarget {
    /// Deposit that was announced.
    Deposit {
        /// Id of the deposit.
        deposit: DepositId,
        /// Organization that is credited.
        organization: OrganizationId,
    },
    /// Deposit that was credited before its booking was known.
    Recorded {
        /// Id of the deposit.
        deposit: DepositId,
        /// Organization that was credited.
        organization: OrganizationId,
    },
    /// Payout that left, or came back.
    Payout {
        /// Id of the payout.
        payout: PayoutId,
        /// Organization that is paid.
        organization: OrganizationId,
    },
    /// Deposit that nobody had announced.
    Organization {
        /// Organization that is credited.
        organization: OrganizationId,
    },
    /// Payment of the exchange to a box.
    Box {
        /// Box that is paid.
        #[serde(rename = "box")]
        box_id: BoxId,
    },
    /// Item of the operator's own.
    Account {
        /// Account of the chart that takes the other side.
        account: AccountKind,
    },
}

/// Target of a booking, or of a part of one, with its amount.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MatchedItem {
    /// Deposit, payout or account that it was for.
    pub target: MatchedTarget,
    /// Amount for the target: positive is money received, negative money paid.
    pub amount: Amount,
}

/// Source of a payout's money.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PayoutSource {
    /// Earnings of the organization.
    Payable,
    /// Available money of the organization.
    Available,
}

/// Reconciliation with one organization's own items only.
#[derive(Serialize)]
pub(super) struct OwnReconciliation {
    reconciliation: ReconciliationId,
    currency: Currency,
    items: Vec<OwnItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Label>,
}

/// Item of a reconciliation as its organization sees it.
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
    /// Returns the organization whose money it is; `None` for a box or the operator.
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
