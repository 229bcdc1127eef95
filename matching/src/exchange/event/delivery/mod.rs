//! Events about the delivery of a contract: readiness, outages, and what follows from them.

mod delivery_ready;
mod notice_given;
mod outage_dismissed;
mod outage_opened;
mod outage_restored;
mod outage_settled;

use crate::order::is_default;
use ledger::{Amount, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use delivery_ready::DeliveryReady;
pub use notice_given::NoticeGiven;
pub use outage_dismissed::OutageDismissed;
pub use outage_opened::OutageOpened;
pub use outage_restored::OutageRestored;
pub use outage_settled::OutageSettled;

/// Reason why an outage does not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DismissalCause {
    /// The side that had opened it took it back.
    Withdrawn,
    /// An operator ruled so.
    Ruled,
}

/// Part of a contract's hour that was not delivered, and what the buyer gets for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HourShortfall {
    /// Buyer that gets the money.
    pub buyer: OrganizationId,
    /// GPU-minutes that were not delivered.
    pub gpu_minutes: u32,
    /// Price and buyer's fee of these GPU-minutes, given back.
    pub credit: Amount,
    /// Penalty that the lot promises on top.
    #[serde(default, skip_serializing_if = "is_default")]
    pub penalty: Amount,
    /// Part that the seller paid of the penalties it owes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub penalty_paid: Amount,
    /// Part that the seller gave back of what it owes for earlier time.
    #[serde(default, skip_serializing_if = "is_default")]
    pub recovered: Amount,
}
