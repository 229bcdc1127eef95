//! Sweeps through the resting bids that are more than one step does.

use ledger::{ContractId, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hours::Hour;
use crate::identity::{DerivedIds, LotId, OrderId};
use crate::market::MarketId;
use crate::price::Price;

/// A sweep through resting bids, or a bid that has come, has done as much as one step does. It goes on in the steps that follow;
/// meanwhile the market waits.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SweepPaused {
    /// Where the bids rest.
    pub market: MarketId,
    /// What they may take.
    pub offer: SweptOffer,
    /// The last bid that a sweep came to, or the ask with which a search goes on; none when it is still at the first.
    pub cursor: Option<Swept>,
    /// The ids that its next trades get.
    pub ids: DerivedIds,
    /// The sequence of the [`SweepPaused`] from which it had gone on.
    pub begun: Option<u64>,
    /// What has been looked at in vain for each organization's bids since the sweep began, by organization.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looked_at: Vec<LookedAt>,
    /// The bid at `cursor` while it has more trades than one step makes; none when the sweep is between two bids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bid: Option<SweptBid>,
    /// Whether it paused because it has looked at as many candidates as one search may.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub limited: bool,
}

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

/// A sweep that had paused came to its end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SweepEnded {
    /// Where the bids rest.
    pub market: MarketId,
    /// The sequence of the [`SweepPaused`] from which it had gone on.
    pub begun: u64,
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
        #[serde(default, skip_serializing_if = "super::is_default")]
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
