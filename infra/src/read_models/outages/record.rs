//! Outages as their events leave them.

use ledger::{Amount, ContractId, Instant, Label, OrganizationId};
use matching::{Event, MarketId, OutageId, Record};

use crate::database::named_column;
use crate::read_models::followed::{Followed, Recorded};

named_column! {
    /// Status of an outage.
    pub enum OutageStatus {
        /// Claimed by one side and not settled.
        Claimed = "claimed",
        /// Accepted or upheld: the outage counts.
        Settled = "settled",
        /// Withdrawn or ruled not to count.
        Dismissed = "dismissed",
    }
}

/// Outage as its events leave it.
#[derive(Clone, Debug)]
pub struct OutageRecord {
    /// Id of the outage.
    pub id: OutageId,
    /// Contract whose GPUs are out.
    pub contract: ContractId,
    /// Market in which the contract traded.
    pub market: MarketId,
    /// Buyer of the contract, who uses the GPUs.
    pub buyer: OrganizationId,
    /// Seller of the contract.
    pub seller: OrganizationId,
    /// Side that opened it: buyer or seller.
    pub opened_by: OrganizationId,
    /// Instant at which it was opened.
    pub opened_at: Instant,
    /// Number of GPUs that are out.
    pub gpus: u32,
    /// Start of the outage, inclusive.
    pub from: Instant,
    /// End of the outage, exclusive; `None` while it lasts.
    pub until: Option<Instant>,
    /// Description of what happened, by the side that opened it.
    pub reason: String,
    /// Status after its latest event.
    pub status: OutageStatus,
    /// Reason of the operator's ruling; `None` where it did not rule.
    pub ruling: Option<String>,
    /// GPU-minutes that had been recorded as delivered when it was settled.
    pub gpu_minutes: u64,
    /// Price and buyer's fee of these GPU-minutes, given back.
    pub credit: Amount,
    /// Penalty that the lot promises on top for them.
    pub penalty: Amount,
    /// Sequence of its opening in the log.
    pub sequence: u64,
}

impl OutageRecord {
    /// Returns whether it is of one of an organization's contracts.
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
