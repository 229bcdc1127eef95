//! The priority of payments: who is paid before whom.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::quantity::Quantity;
use crate::identity::ItemName;
use crate::money::Amount;

/// A step of the priority of payments.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriorityStep {
    /// Its name, which no other step of the deal has.
    pub name: ItemName,
    /// What it pays.
    pub pays: Pays,
    /// The most that it takes on one determination date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<Amount>,
    /// Steps in a row with the same group are of one rank, and share what is too little for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<ItemName>,
    /// It pays only while all of these hold; what is due to it is carried meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Condition>,
}

/// What a step pays.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Pays {
    /// An agreement.
    Agreement(ItemName),
    /// The interest of a facility.
    Interest(ItemName),
    /// The scheduled principal of a facility.
    Principal(ItemName),
    /// What of a facility's debt is more than is eligible.
    Prepayment(ItemName),
    /// A reserve, up to its target.
    Reserve(ItemName),
    /// More of a facility's debt: a share of what is left.
    Sweep {
        /// The facility.
        facility: ItemName,
        /// From 0 to 1.
        share: Quantity,
    },
    /// The cash trap: all that is left while the sponsor is not to be paid.
    Trap {},
    /// The sponsor: all that is left.
    Sponsor {},
}

/// When a step pays.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// The DSCR is below this, and there is debt.
    DscrBelow(Quantity),
    /// The DSCR is not below this, or there is no debt.
    DscrAtLeast(Quantity),
    /// The sponsor is locked up.
    LockedUp {},
    /// The sponsor is not locked up.
    NotLockedUp {},
    /// All the debt is repaid by now.
    NoDebt {},
}

/// What the sponsor is paid in spite of; by default it is paid only with all reserves at their targets and no shortfall.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Distributions {
    /// While a reserve is below its target.
    #[serde(default)]
    pub while_reserves_fill: bool,
}
