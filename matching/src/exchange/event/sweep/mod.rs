//! Sweeps through the resting bids that are more than one step does.

mod sweep_ended;
mod sweep_paused;

use ledger::{ContractId, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hours::Hour;
use crate::identity::{LotId, OrderId};
use crate::order::is_default;
use crate::price::Price;

pub use sweep_ended::SweepEnded;
pub use sweep_paused::SweepPaused;

/// A bid whose trades go on in the next step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SweptBid {
    /// The bid.
    pub order: OrderId,
    /// The ask that it trades with next.
    pub ask: Swept,
}

/// What a sweep has looked at for bids of one organization of which nothing came.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LookedAt {
    /// Whose bids.
    pub organization: OrganizationId,
    /// The bids, and the candidates that their searches looked at.
    pub candidates: u32,
}

/// What has come to a market for resting bids to take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SweptOffer {
    /// An ask, new or better than before.
    Ask(OrderId),
    /// Capacity that has come back.
    Capacity {
        /// To this lot.
        lot: LotId,
        /// Of it, what this contract gives its holder to resell.
        #[serde(default, skip_serializing_if = "is_default")]
        contract: Option<ContractId>,
    },
    /// The market trades again.
    Market,
    /// What rests itself, to a bid that has come.
    ToBid {
        /// The bid.
        order: OrderId,
        /// The start with which its search goes on.
        start: Hour,
    },
    /// What rests itself, to this bid, which has rested too and may now take what it could not.
    ToResting(OrderId),
}

/// An order's place in its ranking.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Swept {
    /// Its limit.
    pub limit_price: Price,
    /// The sequence of the event that gave it its place in time.
    pub priority: u64,
}
