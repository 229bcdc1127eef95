//! Events of sweeps through the resting bids that are more than one step does.

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

/// Bid whose trades go on in the next step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SweptBid {
    /// Order id of the bid.
    pub order: OrderId,
    /// Place of the ask that it trades with next.
    pub ask: Swept,
}

/// Count of what a sweep has looked at in vain for bids of one organization.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LookedAt {
    /// Organization that placed the bids.
    pub organization: OrganizationId,
    /// Number of bids, plus the candidates that their searches looked at.
    pub candidates: u32,
}

/// Offer that resting bids may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SweptOffer {
    /// Ask that is new, or better than before.
    Ask(OrderId),
    /// Capacity that has come back.
    Capacity {
        /// Lot that it came back to.
        lot: LotId,
        /// Contract whose holder may resell it; `None` when it is the lot's own.
        #[serde(default, skip_serializing_if = "is_default")]
        contract: Option<ContractId>,
    },
    /// Market that trades again.
    Market,
    /// Resting asks, for a bid that has come.
    ToBid {
        /// Bid that has come.
        order: OrderId,
        /// Start with which its search goes on.
        start: Hour,
    },
    /// Resting asks, for a bid that has rested too and may now take what it could not.
    ToResting(OrderId),
}

/// Place of an order in its ranking.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Swept {
    /// Limit price of the order.
    pub limit_price: Price,
    /// Sequence of the event that gave it its place in time.
    pub priority: u64,
}
