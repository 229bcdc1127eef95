//! Events of orders that end together and are more than one step ends.

mod orders_ended;
mod orders_ending;

use ledger::{ContractId, Label, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::LotId;
use crate::market::MarketId;

pub use orders_ended::OrdersEnded;
pub use orders_ending::OrdersEnding;

/// Choice of an organization's orders that end together, and what they end for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The organization cancels all its orders.
    Cancelled {
        /// Market to which this is restricted; `None` for all markets.
        market: Option<MarketId>,
    },
    /// The kill switch is thrown.
    Suspended {
        /// Reason given.
        #[serde(deserialize_with = "from_log")]
        reason: Label,
    },
    /// The free part of a lot is withdrawn, and the asks on it end.
    Withdrawn {
        /// Lot that is withdrawn.
        lot: LotId,
    },
    /// A trade is undone, and the asks that resell its contract end.
    Busted {
        /// Contract that is undone.
        contract: ContractId,
        /// Reason given.
        #[serde(deserialize_with = "from_log")]
        reason: Label,
    },
    /// A buyer gives notice of a contract, and the asks that resell it end.
    Noticed {
        /// Contract that ends.
        contract: ContractId,
        /// Reason given.
        #[serde(deserialize_with = "from_log")]
        reason: Label,
    },
}
