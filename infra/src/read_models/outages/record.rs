//! An outage as its events leave it.

use ledger::{Amount, ContractId, Instant, Label, OrganizationId};
use matching::{Event, MarketId, OutageId, Record};

use crate::database::named_column;
use crate::read_models::followed::{Followed, Recorded};

named_column! {
    /// What has become of an outage.
    pub enum OutageStatus {
        /// One side claims it.
        Claimed = "claimed",
        /// It counts.
        Settled = "settled",
        /// It does not count.
        Dismissed = "dismissed",
    }
}

/// An outage as its events leave it.
#[derive(Clone, Debug)]
pub struct OutageRecord {
    /// The outage.
    pub id: OutageId,
    /// The contract whose GPUs are out.
    pub contract: ContractId,
    /// Where that traded.
    pub market: MarketId,
    /// Who uses the GPUs.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// Which of the two opened it.
    pub opened_by: OrganizationId,
    /// When it was opened.
    pub opened_at: Instant,
    /// How many GPUs are out.
    pub gpus: u32,
    /// Since when.
    pub from: Instant,
    /// Until when; `None` while it lasts.
    pub until: Option<Instant>,
    /// What happened, in the words of who opened it.
    pub reason: String,
    /// What has become of it.
    pub status: OutageStatus,
    /// Why the operator ruled as it did; `None` where it did not rule.
    pub ruling: Option<String>,
    /// GPU-minutes that had been recorded as delivered when it was settled.
    pub gpu_minutes: u64,
    /// Their price and the buyer's fee on it, given back.
    pub credit: Amount,
    /// What the lot promises on top for them.
    pub penalty: Amount,
    /// The log's sequence of its opening.
    pub sequence: u64,
}

impl OutageRecord {
    /// Whether it is of one of an organization's contracts.
    pub fn concerns(&self, organization: OrganizationId) -> bool {
        [self.buyer, self.seller].contains(&organization)
    }
}

impl Recorded for OutageRecord {
    fn begun_by(record: &Record) -> Vec<Self> {
        let Event::OutageOpened(e) = &record.event else { return Vec::new() };
        vec![Self {
            id: e.outage,
            contract: e.contract,
            market: e.market,
            buyer: e.buyer,
            seller: e.seller,
            opened_by: e.opened_by,
            opened_at: record.at,
            gpus: e.gpus,
            from: e.from,
            until: e.until,
            reason: e.reason.printable().into_owned(),
            status: OutageStatus::Claimed,
            ruling: None,
            gpu_minutes: 0,
            credit: Amount::ZERO,
            penalty: Amount::ZERO,
            sequence: record.sequence,
        }]
    }
}

impl Followed for OutageRecord {
    type Id = OutageId;

    fn id(&self) -> OutageId {
        self.id
    }

    fn sequence(&self) -> u64 {
        self.sequence
    }

    fn changed_by(event: &Event) -> Vec<OutageId> {
        match event {
            Event::OutageRestored(e) => vec![e.outage],
            Event::OutageSettled(e) => vec![e.outage],
            Event::OutageDismissed(e) => vec![e.outage],
            _ => Vec::new(),
        }
    }

    fn follow(&mut self, event: &Event) {
        match event {
            Event::OutageRestored(e) => self.until = Some(e.until),
            Event::OutageSettled(e) => {
                self.status = OutageStatus::Settled;
                (self.gpus, self.from, self.until) = (e.gpus, e.from, e.until.or(self.until));
                self.ruling = e.ruling.as_ref().map(printable);
                (self.gpu_minutes, self.credit, self.penalty) = (e.gpu_minutes, e.amount + e.buyer_fee, e.penalty);
            }
            Event::OutageDismissed(e) => {
                self.status = OutageStatus::Dismissed;
                self.ruling = e.ruling.as_ref().map(printable);
            }
            _ => {}
        }
    }
}

fn printable(label: &Label) -> String {
    label.printable().into_owned()
}
