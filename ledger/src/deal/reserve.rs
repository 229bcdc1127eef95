//! Reserves: cash that is kept for a shortfall.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::quantity::Quantity;
use crate::identity::ItemName;
use crate::money::Amount;

/// A reserve of a deal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reserve {
    /// Its name, which no other reserve of the deal has.
    pub name: ItemName,
    /// What it holds once it is full.
    pub target: ReserveTarget,
    /// The most that it takes on one determination date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_up_max: Option<Amount>,
    /// What it is funded with at the closing, by the sponsor.
    #[serde(default)]
    pub funded: Amount,
    /// The last step that it covers: it is drawn on when cash does not reach through that step. It stands before every prepayment and
    /// sweep.
    pub covers_through: ItemName,
    /// Whether it is kept when there is no debt any more, to the end of the deal.
    #[serde(default)]
    pub outlives_debt: bool,
}

/// What a reserve holds once it is full.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ReserveTarget {
    /// The same amount.
    Amount(Amount),
    /// So many times the debt service of the date.
    DebtService(Quantity),
    /// So many times the debt service that the scheduled CFADS supports: that over a ratio.
    SupportedService {
        /// How many times.
        times: Quantity,
        /// The ratio.
        dscr: Quantity,
    },
    /// So many times what an agreement costs on the date.
    Agreement {
        /// Its name.
        name: ItemName,
        /// How many times.
        times: Quantity,
    },
}
