//! Events of boxes.

mod acceleration_rescinded;
mod agreement_invoiced;
mod box_collected;
mod box_created;
mod box_wound_up;
mod collection_reversed;
mod deal_amended;
mod deal_closed;
mod debt_accelerated;
mod index_fixed;
mod lenders_set;
mod waterfall_reversed;
mod waterfall_run;

use ledger::BoxId;
use ledger::deal::Deal;
use serde::Serialize;

pub use acceleration_rescinded::AccelerationRescinded;
pub use agreement_invoiced::AgreementInvoiced;
pub use box_collected::BoxCollected;
pub use box_created::BoxCreated;
pub use box_wound_up::BoxWoundUp;
pub use collection_reversed::CollectionReversed;
pub use deal_amended::DealAmended;
pub use deal_closed::DealClosed;
pub use debt_accelerated::DebtAccelerated;
pub use index_fixed::IndexFixed;
pub use lenders_set::LendersSet;
pub use waterfall_reversed::WaterfallReversed;
pub use waterfall_run::WaterfallRun;

/// Version of a deal, without who entered it.
#[derive(Serialize)]
pub(super) struct OwnDeal<'a> {
    #[serde(rename = "box")]
    box_id: BoxId,
    version: u32,
    deal: &'a Deal,
}

impl<'a> OwnDeal<'a> {
    pub const fn of(box_id: BoxId, version: u32, deal: &'a Deal) -> Self {
        Self { box_id, version, deal }
    }
}
