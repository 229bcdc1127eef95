//! Boxes: their deals, and where they stand.

use ledger::deal::{Deal, DealTerms, Standing};
use ledger::{BoxId, ClientId, Instant};

use crate::exchange::boxes::{BoxLife, Boxes, DealVersion, StandingCollection, StandingRun};
use crate::exchange::{
    BoxCollected, CollectionReversed, ContractAssigned, DealClosed, WaterfallReversed, WaterfallRun,
};

impl Boxes {
    pub(super) fn agree(&mut self, id: BoxId, deal: &DealTerms, by: ClientId, at: Instant) {
        // What was decided fits together.
        let Ok(deal) = Deal::new(deal.clone()) else { return };
        self.0.entry(id).or_default().versions.push(DealVersion { at, by, deal });
    }

    pub(super) fn close(&mut self, e: &DealClosed) {
        let Some(record) = self.0.get_mut(&e.r#box) else { return };
        let standing = record.deal().map(Standing::at_closing).unwrap_or_default();
        record.life = Some(BoxLife { standing, ..BoxLife::default() });
    }

    pub(super) fn assign(&mut self, e: &ContractAssigned) {
        if let Some(record) = self.0.get_mut(&e.to.r#box) {
            record.assigned.insert(e.to.name, e.contract);
        }
    }

    pub(super) fn collect(&mut self, e: &BoxCollected, sequence: u64) {
        if let Some(life) = self.life(e.r#box) {
            life.collected.push(StandingCollection { sequence, content: e.clone() });
        }
    }

    pub(super) fn take_back(&mut self, e: &CollectionReversed) {
        if let Some(life) = self.life(e.undone.r#box) {
            life.collected.retain(|collection| collection.sequence != e.corrects);
        }
    }

    pub(super) fn run(&mut self, e: &WaterfallRun, at: Instant, sequence: u64) {
        let Some(life) = self.life(e.r#box) else { return };
        let (collected, later) =
            std::mem::take(&mut life.collected).into_iter().partition(|kept| kept.content.paid <= e.run.date);
        life.collected = later;
        let before = std::mem::replace(&mut life.standing, e.run.after.clone());
        life.runs.push(StandingRun { sequence, at, content: e.clone(), before, collected });
    }

    pub(super) fn reverse(&mut self, e: &WaterfallReversed) {
        let Some(life) = self.life(e.undone.r#box) else { return };
        let Some(run) = life.runs.pop() else { return };
        life.standing = run.before;
        life.collected.extend(run.collected);
        life.collected.sort_unstable_by_key(|collection| collection.sequence);
    }

    fn life(&mut self, id: BoxId) -> Option<&mut BoxLife> {
        self.0.get_mut(&id).and_then(|record| record.life.as_mut())
    }
}
