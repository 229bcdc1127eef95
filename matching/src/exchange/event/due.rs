//! What fell due and could not be carried out.

use std::fmt;

use ledger::{BoxId, ClientId, ContractId, Invariant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Hour, LotId, MarketId, OrderId};

/// Something that falls due by itself, as far as it is set aside when it cannot be carried out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ParkedDue {
    /// Deliveries and charges of a contract.
    Contract {
        /// The contract.
        contract: ContractId,
    },
    /// What is left to deliver of an hour that a market sold by the hour.
    SpotHour {
        /// The market.
        market: MarketId,
        /// The hour.
        hour: Hour,
    },
    /// An order's end at its own time.
    Expiry {
        /// The order.
        order: OrderId,
    },
    /// A lot's end.
    LotEnd {
        /// The lot.
        lot: LotId,
    },
    /// The waterfall runs that a box starts by itself.
    BoxRun {
        /// The box.
        r#box: BoxId,
    },
    /// A market's auctions.
    Auction {
        /// The market.
        market: MarketId,
    },
    /// What a command left unfinished.
    Work {
        /// The sequence of the event that recorded it.
        begun: u64,
    },
}

impl ParkedDue {
    /// The id of the thing, where it has one of its own.
    pub fn subject(self) -> Option<Uuid> {
        match self {
            Self::Contract { contract } => Some(contract.uuid()),
            Self::Expiry { order } => Some(order.uuid()),
            Self::LotEnd { lot } => Some(lot.uuid()),
            Self::BoxRun { r#box } => Some(r#box.uuid()),
            Self::SpotHour { .. } | Self::Auction { .. } | Self::Work { .. } => None,
        }
    }
}

impl fmt::Display for ParkedDue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contract { contract } => write!(f, "contract {contract}"),
            Self::SpotHour { market, hour } => write!(f, "the hour {hour} of {market}"),
            Self::Expiry { order } => write!(f, "the end of order {order}"),
            Self::LotEnd { lot } => write!(f, "the end of lot {lot}"),
            Self::BoxRun { r#box: id } => write!(f, "a waterfall run of box {id}"),
            Self::Auction { market } => write!(f, "an auction of {market}"),
            Self::Work { begun } => write!(f, "the work of event {begun}"),
        }
    }
}

/// Something that fell due was set aside, because carrying it out would break an invariant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DueParked {
    /// What.
    pub due: ParkedDue,
    /// The id of the invariant.
    pub invariant: String,
}

impl DueParked {
    /// The event that sets `due` aside because of an invariant.
    pub(in crate::exchange) fn new(due: ParkedDue, invariant: Invariant) -> Self {
        Self { due, invariant: invariant.id().to_owned() }
    }
}

/// An operator let something that was set aside fall due again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DueResumed {
    /// What.
    pub due: ParkedDue,
    /// Who said so.
    pub by: ClientId,
}
