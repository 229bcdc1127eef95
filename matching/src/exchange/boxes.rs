//! Boxes: the deals that were agreed for them, version by version, and where each stands.

use std::collections::BTreeMap;

use ledger::deal::{Deal, Schedule, Standing};
use ledger::{Amount, BoxId, ClientId, Day, Instant};
use serde::Serialize;

use super::WaterfallRun;

/// A box.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct BoxRecord {
    /// The versions of its deal, in order: the first is number 1, and the last is in force.
    pub versions: Vec<DealVersion>,
    /// What has become of it; none before its deal has closed.
    pub life: Option<BoxLife>,
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
    /// What its clients have paid and no run has paid out, by day.
    pub collected: BTreeMap<Day, Amount>,
    /// The waterfall runs, in order, but for those that were reversed.
    pub runs: Vec<StandingRun>,
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
    /// What of the collections it paid out, by day.
    pub collected: BTreeMap<Day, Amount>,
}

impl BoxRecord {
    /// The deal in force.
    pub fn deal(&self) -> Option<&Deal> {
        self.versions.last().map(|version| &version.deal)
    }

    /// The schedule at the next determination date; nothing before the closing, and behind the last date.
    pub fn next_schedule(&self) -> Option<Schedule<'_>> {
        Schedule::at(self.deal()?, self.life.as_ref()?.runs.len())
    }
}

/// The boxes, by id.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Boxes(pub(super) BTreeMap<BoxId, BoxRecord>);

impl Boxes {
    /// All boxes, in the order of their ids, which is that of their creation.
    pub fn iter(&self) -> impl Iterator<Item = (BoxId, &BoxRecord)> {
        self.0.iter().map(|(id, record)| (*id, record))
    }

    /// A box.
    pub fn get(&self, id: BoxId) -> Option<&BoxRecord> {
        self.0.get(&id)
    }
}
