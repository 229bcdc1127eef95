//! What is said about the delivery of a contract: that it is ready, that it failed, and what follows.

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

/// Why an outage does not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DismissalCause {
    /// Who had opened it took it back.
    Withdrawn,
    /// An operator ruled so.
    Ruled,
}

/// What was not delivered of a contract's hour, and what the buyer gets for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HourShortfall {
    /// Who gets it.
    pub buyer: OrganizationId,
    /// The GPU-minutes that were not delivered.
    pub gpu_minutes: u32,
    /// Their price and the buyer's fee on it, given back.
    pub credit: Amount,
    /// What the lot promises on top.
    #[serde(default, skip_serializing_if = "is_default")]
    pub penalty: Amount,
    /// What the seller paid of the penalties that it owes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub penalty_paid: Amount,
    /// What the seller gave back of what it owes for earlier time.
    #[serde(default, skip_serializing_if = "is_default")]
    pub recovered: Amount,
}
