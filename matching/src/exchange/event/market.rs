//! Markets and the lots that are sold there.

use ledger::{Label, OrganizationId, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_default;
use crate::hours::Window;
use crate::identity::LotId;
use crate::market::{MarketId, MarketSpec};
use crate::outage::DeliveryTerms;
use crate::venue::PriceBand;

/// A market opened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MarketOpened {
    /// The terms on which it trades.
    pub market: MarketSpec,
}

/// A lot was listed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LotRegistered {
    /// Its id.
    pub lot: LotId,
    /// Who delivers.
    pub organization: OrganizationId,
    /// Where it is sold.
    pub market: MarketId,
    /// How many GPUs.
    pub gpus: u32,
    /// When.
    pub window: Window,
    /// The seller's name for the network the GPUs share.
    #[serde(deserialize_with = "from_log")]
    pub fabric: Label,
    /// A term sale may not leave a free run shorter than this many hours; 0 and 1 allow any.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min_remnant_hours: u32,
    /// What it promises about its delivery.
    #[serde(default, skip_serializing_if = "is_default")]
    pub delivery: DeliveryTerms,
}

/// What was free of a lot was withdrawn; its asks ended before.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LotWithdrawn {
    /// The lot.
    pub lot: LotId,
    /// Who delivers what is sold of it.
    pub organization: OrganizationId,
    /// Where it was sold.
    pub market: MarketId,
}

/// A lot's window passed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LotExpired {
    /// The lot.
    pub lot: LotId,
    /// Who delivered.
    pub organization: OrganizationId,
    /// Where it was sold.
    pub market: MarketId,
}

/// Trading stopped.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MarketHalted {
    /// Where.
    pub market: MarketId,
    /// Why.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
}

/// Trading goes on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MarketResumed {
    /// Where.
    pub market: MarketId,
}

/// A guard against mistyped prices was set or lifted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PriceBandSet {
    /// Where.
    pub market: MarketId,
    /// How far limits may be from the last price; no guard when not given.
    pub band: Option<PriceBand>,
}
