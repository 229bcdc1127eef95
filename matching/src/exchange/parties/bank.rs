//! What an organization sees of bookings that were for its money.

use ledger::{Amount, Currency, Label, OrganizationId, ReconciliationId};
use serde::Serialize;

use crate::exchange::{MatchedItem, MatchedTarget, Reconciled};

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

impl Reconciled {
    /// The organizations whose money it is about.
    pub fn organizations(&self) -> Vec<OrganizationId> {
        self.items.iter().filter_map(MatchedItem::organization).collect()
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
