//! Application of box events: deals, and what has become of boxes.

use ledger::deal::{Deal, Standing};
use ledger::{BoxId, ClientId, Instant};

use crate::exchange::boxes::{BoxLife, Boxes, DealVersion, OpenCollection, PostedRun};
use crate::exchange::{
    AgreementInvoiced, BoxCollected, BoxCreated, CollectionReversed, ContractAssigned, DealClosed, LendersSet,
    WaterfallReversed, WaterfallRun,
};
use crate::hours::Hour;

impl Boxes {
    pub(in crate::exchange) fn agree(&mut self, id: BoxId, deal: &Deal, by: ClientId, at: Instant) {
        self.records.entry(id).or_default().versions.push(DealVersion { at, by, deal: deal.clone() });
    }

    /// Adds a box with the first version of its deal.
    pub(in crate::exchange) fn create(&mut self, e: &BoxCreated, at: Instant, sequence: u64) {
        self.agree(e.box_id, &e.deal, e.by, at);
        if let Some(record) = self.records.get_mut(&e.box_id) {
            record.created = sequence;
            self.created.insert(sequence, e.box_id);
            // The sponsor of a deal stays.
            self.sponsored.insert((e.deal.terms().sponsor, sequence));
        }
    }

    pub(in crate::exchange) fn close(&mut self, e: &DealClosed) {
        let Some(record) = self.records.get_mut(&e.box_id) else { return };
        let standing = record.deal().map(Standing::at_closing).unwrap_or_default();
        record.life = Some(BoxLife { standing, ..BoxLife::default() });
    }

    pub(in crate::exchange) fn assign(&mut self, e: &ContractAssigned) {
        if let Some(record) = self.records.get_mut(&e.to.box_id) {
            record.assigned.insert(e.to.name, e.contract);
        }
    }

    pub(in crate::exchange) fn collect(&mut self, e: &BoxCollected, sequence: u64) {
        if let Some(life) = self.life(e.box_id) {
            life.collected.push(OpenCollection { sequence, content: e.clone() });
        }
    }

    pub(in crate::exchange) fn take_back(&mut self, e: &CollectionReversed) {
        if let Some(life) = self.life(e.undone.box_id) {
            life.collected.retain(|collection| collection.sequence != e.corrects);
        }
    }

    pub(in crate::exchange) fn run(&mut self, e: &WaterfallRun, at: Instant, sequence: u64) {
        let Some(record) = self.records.get_mut(&e.box_id) else { return };
        let (Some(version), Some(life)) = (record.versions.last(), record.life.as_mut()) else { return };
        let is_taken_up = |kept: &OpenCollection| kept.content.collected().is_taken_up_on(e.run.date);
        let (collected, later) = std::mem::take(&mut life.collected).into_iter().partition(is_taken_up);
        life.collected = later;
        let before = std::mem::replace(&mut life.standing, version.deal.standing_after(&e.run, &e.prepaid));
        let corrections = life.invoices.take_up(&e.corrections);
        life.runs.push(PostedRun { sequence, at, content: e.clone(), before, collected, corrections });
        life.held_back = false;
    }

    pub(in crate::exchange) fn reverse(&mut self, e: &WaterfallReversed) {
        let Some(life) = self.life(e.undone.box_id) else { return };
        let Some(run) = life.runs.pop() else { return };
        life.standing = life.standing.reversed_to(run.before);
        life.collected.extend(run.collected);
        life.collected.sort_unstable_by_key(|collection| collection.sequence);
        life.invoices.give_back(run.corrections, run.content.corrections);
        life.held_back = true;
    }

    pub(in crate::exchange) fn invoice(&mut self, e: &AgreementInvoiced) {
        if let Some(life) = self.life(e.box_id) {
            life.invoices.take_in(&e.invoice(), e.correction);
        }
    }

    pub(in crate::exchange) fn accelerate(&mut self, id: BoxId, accelerated: bool) {
        if let Some(life) = self.life(id) {
            life.standing.accelerated = accelerated;
        }
    }

    pub(in crate::exchange) fn wind_up(&mut self, id: BoxId) {
        if let Some(life) = self.life(id) {
            life.wound_up = true;
        }
    }

    pub(in crate::exchange) fn set_lenders(&mut self, e: &LendersSet) {
        if let Some(record) = self.records.get_mut(&e.box_id) {
            for lender in &record.lenders {
                self.lent.remove(&(*lender, record.created));
            }
            self.lent.extend(e.lenders.iter().map(|lender| (*lender, record.created)));
            record.lenders.clone_from(&e.lenders);
        }
    }

    /// Returns when a box's next run starts by itself: as its determination date ends. `None` when none does.
    pub(in crate::exchange) fn next_run(&self, id: BoxId) -> Option<Instant> {
        let record = self.get(id)?;
        if record.life.as_ref()?.held_back || !record.deal()?.terms().determination.by_itself {
            return None;
        }
        let date = record.next_period()?.date;
        Some(Hour::first_of_day(date.next()).start())
    }

    fn life(&mut self, id: BoxId) -> Option<&mut BoxLife> {
        self.records.get_mut(&id).and_then(|record| record.life.as_mut())
    }
}
