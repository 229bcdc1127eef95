//! Who entered what: what reports say beside the entries that people brought about.

use ledger::{ClientId, Label};

use super::Event;

/// Who entered something, and what they said of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entered<'a> {
    /// Who entered it, or proposed it.
    pub by: ClientId,
    /// Who approved it, where it takes two.
    pub approved_by: Option<ClientId>,
    /// What it is for, or why.
    pub text: Option<&'a Label>,
}

impl Event {
    /// The types of events that people enter, some of which also happen by themselves.
    pub const ENTERED_TYPES: [&str; 21] = [
        "period_closed",
        "journal_proposed",
        "journal_approved",
        "journal_rejected",
        "reconciled",
        "reconciliation_undone",
        "box_created",
        "deal_amended",
        "deal_closed",
        "box_collected",
        "collection_reversed",
        "waterfall_run",
        "waterfall_reversed",
        "agreement_invoiced",
        "debt_accelerated",
        "acceleration_rescinded",
        "box_wound_up",
        "lenders_set",
        "index_fixed",
        "contract_assigned",
        "due_resumed",
    ];

    /// Who entered it; none where it happened by itself.
    pub fn entered(&self) -> Option<Entered<'_>> {
        let (by, text) = match self {
            Self::JournalApproved(e) => {
                let by = e.proposed.by;
                return Some(Entered { by, approved_by: Some(e.by), text: Some(&e.proposed.text) });
            }
            Self::PeriodClosed(e) => (Some(e.by), None),
            Self::JournalProposed(e) => (Some(e.by), Some(&e.text)),
            Self::JournalRejected(e) => (Some(e.by), Some(&e.reason)),
            Self::Reconciled(e) => (e.by, None),
            Self::ReconciliationUndone(e) => (e.by, Some(&e.reason)),
            Self::BoxCreated(e) => (Some(e.by), None),
            Self::DealAmended(e) => (Some(e.by), None),
            Self::DealClosed(e) => (Some(e.by), None),
            Self::BoxCollected(e) => (Some(e.by), None),
            Self::CollectionReversed(e) => (Some(e.by), Some(&e.reason)),
            Self::WaterfallRun(e) => (e.by, None),
            Self::WaterfallReversed(e) => (Some(e.by), Some(&e.reason)),
            Self::AgreementInvoiced(e) => (Some(e.by), None),
            Self::DebtAccelerated(e) => (Some(e.by), Some(&e.reason)),
            Self::AccelerationRescinded(e) => (Some(e.by), Some(&e.reason)),
            Self::BoxWoundUp(e) => (Some(e.by), None),
            Self::LendersSet(e) => (Some(e.by), None),
            Self::IndexFixed(e) => (Some(e.by), None),
            Self::ContractAssigned(e) => (Some(e.by), None),
            Self::DueResumed(e) => (Some(e.by), None),
            _ => (None, None),
        };
        Some(Entered { by: by?, approved_by: None, text })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_type_that_says_by_whom_is_known() {
        let says_by = |schema: &schemars::Schema| schema.pointer("/properties/by").is_some();
        let saying: BTreeSet<&str> =
            Event::schemas().iter().filter(|(_, _, schema)| says_by(schema)).map(|(name, ..)| *name).collect();
        assert_eq!(saying, BTreeSet::from(Event::ENTERED_TYPES));
    }
}
