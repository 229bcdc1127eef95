//! Events of items that fell due and could not be carried out.

mod due_parked;
mod due_resumed;

use std::fmt;

use ledger::{BoxId, ContractId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::hours::Hour;
use crate::identity::{LotId, OrderId};
use crate::market::MarketId;

pub use due_parked::DueParked;
pub use due_resumed::DueResumed;

/// Item that falls due by itself, in the extent to which it is parked when it cannot be carried out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ParkedDue {
    /// Deliveries and charges of a contract.
    Contract {
        /// Contract that is parked whole: nothing of it is charged or delivered meanwhile.
        contract: ContractId,
    },
    /// Rest of a spot hour that is to be delivered.
    SpotHour {
        /// Market in which the hour was sold. Its other hours are delivered.
        market: MarketId,
        /// Delivery hour, by its start. It was due when it ended.
        hour: Hour,
    },
    /// End of an order at its own time.
    Expiry {
        /// Order that still rests, with its hold, though its time is over.
        order: OrderId,
    },
    /// End of a lot.
    LotEnd {
        /// Lot that is still listed, though its window has ended.
        lot: LotId,
    },
    /// Waterfall runs that a box starts by itself.
    BoxRun {
        /// Box none of whose runs starts by itself meanwhile, on any determination date.
        #[serde(rename = "box")]
        box_id: BoxId,
    },
    /// Auctions of a market.
    Auction {
        /// Market none of whose gates holds an auction meanwhile.
        market: MarketId,
    },
    /// Work that a command left unfinished.
    Work {
        /// Sequence of the event that recorded it, such as `orders_ending` or `sweep_paused`.
        begun: u64,
    },
}

impl ParkedDue {
    /// Returns the id under which the item is known elsewhere; `None` when its market or an event names it.
    pub fn subject(self) -> Option<Uuid> {
        match self {
            Self::Contract { contract } => Some(contract.uuid()),
            Self::Expiry { order } => Some(order.uuid()),
            Self::LotEnd { lot } => Some(lot.uuid()),
            Self::BoxRun { box_id } => Some(box_id.uuid()),
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
            Self::BoxRun { box_id: id } => write!(f, "a waterfall run of box {id}"),
            Self::Auction { market } => write!(f, "an auction of {market}"),
            Self::Work { begun } => write!(f, "the work of event {begun}"),
        }
    }
}
