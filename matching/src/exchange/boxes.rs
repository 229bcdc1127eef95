//! Boxes: the deals that were agreed for them, version by version, and where each stands.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use ledger::deal::{Deal, Period, Progress, Standing, SupplierInvoices};
use ledger::{Amount, BoxId, ClientId, ContractId, Instant, ItemName, OrganizationId};
use serde::Serialize;

use super::{BoxCollected, WaterfallRun};

/// A box.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct BoxRecord {
    /// The versions of its deal, in order: the first is number 1, and the last is in force.
    pub versions: Vec<DealVersion>,
    /// What has become of it; none before its deal has closed.
    pub life: Option<BoxLife>,
    /// The contracts of the exchange that were assigned to it, by the names that the deal gives them.
    pub assigned: BTreeMap<ItemName, ContractId>,
    /// The organizations that lend to it, and see it.
    pub lenders: BTreeSet<OrganizationId>,
    /// The event that created it.
    #[serde(skip)]
    pub created: u64,
}

/// A version of a box's deal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DealVersion {
    /// When it was agreed.
    pub at: Instant,
    /// Who entered it.
    pub by: ClientId,
    /// The deal.
    pub deal: Deal,
}

/// What has become of a box since its deal closed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct BoxLife {
    /// Where it stands.
    pub standing: Standing,
    /// What its clients have paid and no run has paid out, in the order in which it was entered.
    pub collected: Vec<StandingCollection>,
    /// The waterfall runs, in order, but for those that were reversed.
    pub runs: Vec<StandingRun>,
    /// What its suppliers have invoiced.
    pub invoices: SupplierInvoices,
    /// Whether the latest run was reversed: the next does not start by itself.
    pub held_back: bool,
    /// Whether it has come to its end.
    pub wound_up: bool,
}

/// A waterfall run that stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StandingRun {
    /// The event that recorded it.
    pub sequence: u64,
    /// When.
    pub at: Instant,
    /// What was done.
    pub content: WaterfallRun,
    /// Where the box stood before it.
    pub before: Standing,
    /// The collections that it paid out.
    pub collected: Vec<StandingCollection>,
    /// The corrections that it took up.
    pub corrections: BTreeMap<ItemName, Amount>,
}

/// What a client paid.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StandingCollection {
    /// The event that recorded it.
    pub sequence: u64,
    /// What was paid.
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
    /// The deal in force.
    pub fn deal(&self) -> Option<&Deal> {
        self.versions.last().map(|version| &version.deal)
    }

    /// The period up to the next determination date; none before the closing, and behind the last.
    pub fn next_period(&self) -> Option<Period> {
        self.deal()?.next_period(&self.life.as_ref()?.progress())
    }
}

/// The boxes, by id.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Boxes {
    pub(super) records: BTreeMap<BoxId, BoxRecord>,
    /// The same by the events that created them.
    #[serde(skip)]
    pub(super) created: BTreeMap<u64, BoxId>,
    /// The events that created the boxes of each sponsor.
    #[serde(skip)]
    pub(super) sponsored: BTreeSet<(OrganizationId, u64)>,
    /// The events that created the boxes to which each organization lends.
    #[serde(skip)]
    pub(super) lent: BTreeSet<(OrganizationId, u64)>,
}

/// Whose boxes somebody sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BoxViewer {
    /// Those that it sponsors.
    Sponsor(OrganizationId),
    /// Those that it lends to.
    Lender(OrganizationId),
    /// All.
    Operator,
}

impl Boxes {
    /// All boxes, in the order of their ids, which is that of their creation.
    pub fn iter(&self) -> impl Iterator<Item = (BoxId, &BoxRecord)> {
        self.records.iter().map(|(id, record)| (*id, record))
    }

    /// The first `max` boxes that somebody sees among those that events after `after` created, in the order of these events.
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

    /// A box.
    pub fn get(&self, id: BoxId) -> Option<&BoxRecord> {
        self.records.get(&id)
    }
}
