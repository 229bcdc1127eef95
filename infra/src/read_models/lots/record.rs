//! Lots as their events leave them.

use ledger::OrganizationId;
use matching::{Event, Hour, LotId, MarketId, Record};

use crate::read_models::followed::{Followed, Recorded};

/// Lot as its events leave it. What is free of it is in the state.
#[derive(Clone, Debug)]
pub struct LotRecord {
    /// Id of the lot.
    pub id: LotId,
    /// Provider that listed it and delivers.
    pub organization: OrganizationId,
    /// Market in which it is sold.
    pub market: MarketId,
    /// Number of GPUs in each hour.
    pub gpus: u32,
    /// First hour, inclusive.
    pub window_start: Hour,
    /// End of the hours, exclusive.
    pub window_end: Hour,
    /// Provider's name for the network that the GPUs share.
    pub fabric: String,
    /// Shortest free run that a term sale may leave, in hours; 0 and 1 allow any.
    pub min_remnant_hours: u32,
    /// Whether time counts as delivered only from when the provider confirms it.
    pub confirmed: bool,
    /// Penalty on top of the credit for time not delivered, in basis points of its price.
    pub penalty_bps: u16,
    /// Number of settled outages within 720 hours that lets a buyer end a contract.
    pub termination_outages: u32,
    /// Whether its window has passed.
    pub expired: bool,
    /// Whether the provider withdrew what was not sold.
    pub withdrawn: bool,
    /// Sequence of its listing in the log.
    pub sequence: u64,
}

impl Recorded for LotRecord {
    fn begun_by(record: &Record) -> Vec<Self> {
        let Event::LotRegistered(lot) = &record.event else { return Vec::new() };
        vec![Self {
            id: lot.lot,
            organization: lot.organization,
            market: lot.market,
            gpus: lot.gpus,
            window_start: lot.window.start(),
            window_end: lot.window.end(),
            fabric: lot.fabric.printable().into_owned(),
            min_remnant_hours: lot.min_remnant_hours,
            confirmed: lot.delivery.confirmed,
            penalty_bps: lot.delivery.penalty_bps,
            termination_outages: lot.delivery.termination_outages,
            expired: false,
            withdrawn: false,
            sequence: record.sequence,
        }]
    }
}

impl Followed for LotRecord {
    type Id = LotId;

    fn id(&self) -> LotId {
        self.id
    }

    fn sequence(&self) -> u64 {
        self.sequence
    }

    fn changed_by(event: &Event) -> Vec<LotId> {
        match event {
            Event::LotWithdrawn(e) => vec![e.lot],
            Event::LotExpired(e) => vec![e.lot],
            _ => Vec::new(),
        }
    }

    fn follow(&mut self, event: &Event) {
        match event {
            Event::LotWithdrawn(_) => self.withdrawn = true,
            Event::LotExpired(_) => self.expired = true,
            _ => {}
        }
    }
}
