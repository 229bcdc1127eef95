//! Lots: capacity that a seller can deliver.

use ledger::OrganizationId;
use serde::Serialize;

use crate::{LotId, MarketId, Timeline, Window};

/// A seller's GPUs on one fabric over a window, with what is still free of them.
///
/// All asks on a lot share its residual timeline, so an hour sold by one is gone for all.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Lot {
    /// Its id.
    pub id: LotId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// Where it is sold.
    pub market: MarketId,
    /// How many GPUs.
    pub gpus: u32,
    /// When.
    pub window: Window,
    /// The seller's name for the network the GPUs share.
    pub fabric: String,
    /// The GPUs still free in each hour.
    pub residual: Timeline,
}
