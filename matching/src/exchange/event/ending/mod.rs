//! Orders that end together, where they are more than one step ends.

mod orders_ended;
mod orders_ending;

use ledger::{ContractId, Label, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::LotId;
use crate::market::MarketId;

pub use orders_ended::OrdersEnded;
pub use orders_ending::OrdersEnding;

/// Which orders of an organization end together, and with what.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The organization cancels all its orders.
    Cancelled {
        /// Only those that trade in this market.
        market: Option<MarketId>,
    },
    /// The kill switch is thrown.
    Suspended {
        /// Why.
        #[serde(deserialize_with = "from_log")]
        reason: Label,
    },
    /// What is free of a lot is withdrawn, and its asks with it.
    Withdrawn {
        /// The lot.
        lot: LotId,
    },
    /// A trade is undone, and the asks that resell its contract end.
    Busted {
        /// The contract.
        contract: ContractId,
        /// Why.
        #[serde(deserialize_with = "from_log")]
        reason: Label,
    },
    /// A buyer gives notice of the end of a contract, and its asks that resell it end.
    Noticed {
        /// The contract.
        contract: ContractId,
        /// Why.
        #[serde(deserialize_with = "from_log")]
        reason: Label,
    },
}
