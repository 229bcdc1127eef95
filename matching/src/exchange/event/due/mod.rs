//! What fell due and could not be carried out.

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

/// Something that falls due by itself, as far as it is set aside when it cannot be carried out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ParkedDue {
    /// Deliveries and charges of a contract.
    Contract {
        /// Parked whole: nothing of it is charged or delivered meanwhile.
        contract: ContractId,
    },
    /// What is left to deliver of an hour that a market sold by the hour.
    SpotHour {
        /// Where the hour was sold. Other hours of the market are delivered.
        market: MarketId,
        /// The delivery hour, by its start. It was due when it ended.
        hour: Hour,
    },
    /// An order's end at its own time.
    Expiry {
        /// Still at rest, with its hold, though its time is over.
        order: OrderId,
    },
    /// A lot's end.
    LotEnd {
        /// Still listed, though its window has ended.
        lot: LotId,
    },
    /// The waterfall runs that a box starts by itself.
    BoxRun {
        /// No run of this box starts by itself meanwhile, on any determination date.
        #[serde(rename = "box")]
        box_id: BoxId,
    },
    /// A market's auctions.
    Auction {
        /// No gate of this market holds an auction meanwhile.
        market: MarketId,
    },
    /// What a command left unfinished.
    Work {
        /// The sequence of the event that recorded it, such as `orders_ending` or `sweep_paused`.
        begun: u64,
    },
}

impl ParkedDue {
    /// The id under which the thing is known elsewhere; none for what is named by its market or by an event.
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
