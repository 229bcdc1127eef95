//! State of the boxes: their deals, version by version, and what has become of each.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use ledger::deal::{Deal, Period, Progress, Standing, SupplierInvoices};
use ledger::{Amount, BoxId, ClientId, ContractId, Instant, ItemName, OrganizationId};
use serde::Serialize;

use super::{BoxCollected, WaterfallRun};

/// A box.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct BoxRecord {
    /// Versions of its deal, in order: the first is number 1, and the last is in force.
    pub versions: Vec<DealVersion>,
    /// State since its deal closed; `None` before.
    pub life: Option<BoxLife>,
    /// Contracts of the exchange that were assigned to it, by their names in the deal.
    pub assigned: BTreeMap<ItemName, ContractId>,
    /// Organizations that lend to it, and may see it.
    pub lenders: BTreeSet<OrganizationId>,
    /// Sequence of the event that created it.
    #[serde(skip)]
    pub created: u64,
}

/// Version of a box's deal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DealVersion {
    /// Instant at which it was entered.
    pub at: Instant,
    /// Client that entered it.
    pub by: ClientId,
    /// Terms of this version.
    pub deal: Deal,
}

/// State of a box since its deal closed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct BoxLife {
    /// Balances and covenants after the latest run.
    pub standing: Standing,
    /// Collections that no run has paid out, in the order in which they were entered.
    pub collected: Vec<OpenCollection>,
    /// Waterfall runs that stand, in order.
    pub runs: Vec<PostedRun>,
    /// What its suppliers have invoiced.
    pub invoices: SupplierInvoices,
    /// Whether the latest run was reversed: the next does not start by itself.
    pub held_back: bool,
    /// Whether it is wound up.
    pub wound_up: bool,
}

/// Waterfall run that has not been reversed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PostedRun {
    /// Sequence of the event that recorded it.
    pub sequence: u64,
    /// Instant of that event.
    pub at: Instant,
    /// Content of that event.
    pub content: WaterfallRun,
    /// Balances and covenants of the box before it.
    pub before: Standing,
    /// Collections that it paid out.
    pub collected: Vec<OpenCollection>,
    /// Corrections that it took up, by agreement.
    pub corrections: BTreeMap<ItemName, Amount>,
}

/// Collection that has not been reversed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OpenCollection {
    /// Sequence of the event that recorded it.
    pub sequence: u64,
    /// Content of that event.
    pub content: BoxCollected,
}

impl BoxLife {
    /// How far the box is in its deal.
    pub fn progress(&self) -> Progress<'_> {
        Progress {
            runs: self.runs.len(),
            standing: &self.standing,
            invoices: &self.invoices,
            collected: self.collected.iter().map(|collection| collection.content.collected()).collect(),
        }
    }
}

impl BoxRecord {
    /// Returns the deal in force.
    pub fn deal(&self) -> Option<&Deal> {
        self.versions.last().map(|version| &version.deal)
    }

    /// The period up to the next determination date; none before the closing, and behind the last.
    pub fn next_period(&self) -> Option<Period> {
        self.deal()?.next_period(&self.life.as_ref()?.progress())
    }
}

/// Boxes by id.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Boxes {
    pub(super) records: BTreeMap<BoxId, BoxRecord>,
    /// Boxes by the sequences of the events that created them.
    #[serde(skip)]
    pub(super) created: BTreeMap<u64, BoxId>,
    /// Sequences of the events that created the boxes of each sponsor.
    #[serde(skip)]
    pub(super) sponsored: BTreeSet<(OrganizationId, u64)>,
    /// Sequences of the events that created the boxes to which each organization lends.
    #[serde(skip)]
    pub(super) lent: BTreeSet<(OrganizationId, u64)>,
}

/// Reader of boxes, which decides what it sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BoxViewer {
    /// Sees the boxes that this organization sponsors.
    Sponsor(OrganizationId),
    /// Sees the boxes that this organization lends to.
    Lender(OrganizationId),
    /// Sees all boxes.
    Operator,
}

impl Boxes {
    /// Iterates over all boxes in the order of their ids, which is that of their creation.
    pub fn iter(&self) -> impl Iterator<Item = (BoxId, &BoxRecord)> {
        self.records.iter().map(|(id, record)| (*id, record))
    }

    /// Returns the first `max` boxes that a reader sees among those that events after `after` created, in the order of
    /// these events.
    pub fn seen_by(&self, viewer: BoxViewer, after: u64, max: usize) -> Vec<(BoxId, &BoxRecord)> {
        let of = |set: &BTreeSet<(OrganizationId, u64)>, organization| {
            let later = (Bound::Excluded((organization, after)), Bound::Included((organization, u64::MAX)));
            set.range(later).take(max).map(|(_, event)| *event).collect::<Vec<_>>()
        };
        let events = match viewer {
            BoxViewer::Sponsor(organization) => of(&self.sponsored, organization),
            BoxViewer::Lender(organization) => of(&self.lent, organization),
            BoxViewer::Operator => {
                let later = self.created.range((Bound::Excluded(after), Bound::Unbounded));
                later.take(max).map(|(event, _)| *event).collect()
            }
        };
        let ids = events.into_iter().filter_map(|event| self.created.get(&event));
        ids.filter_map(|id| Some((*id, self.get(*id)?))).collect()
    }

    /// Finds a box by id.
    pub fn get(&self, id: BoxId) -> Option<&BoxRecord> {
        self.records.get(&id)
    }
}
