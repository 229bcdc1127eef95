//! What fell due and could not be carried out.

use std::borrow::Cow;

use ledger::{BoxId, ContractId};
use matching::{Hour, LotId, MarketId, OrderId, ParkedDue};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Something that falls due by itself.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ParkedDueBody {
    /// Deliveries and charges of a contract.
    Contract {
        /// Parked whole: nothing of it is charged or delivered until it is resumed.
        contract: Uuid,
    },
    /// What is left to deliver of an hour that a market sold by the hour.
    SpotHour {
        /// Where the hour was sold. Other hours of the market are delivered.
        #[schema(value_type = String)]
        market: MarketId,
        /// When the hour starts. It was due when it ended.
        #[schema(value_type = String, format = DateTime)]
        hour: Hour,
    },
    /// An order's end at its own time.
    Expiry {
        /// Still at rest, with its hold, though its time is over.
        order: Uuid,
    },
    /// A lot's end.
    LotEnd {
        /// Still listed, though its window has ended.
        lot: Uuid,
    },
    /// The waterfall runs that a box starts by itself.
    BoxRun {
        /// No run of this box starts by itself until it is resumed.
        #[serde(rename = "box")]
        box_id: Uuid,
    },
    /// A market's auctions.
    Auction {
        /// No gate of this market holds an auction until it is resumed.
        #[schema(value_type = String)]
        market: MarketId,
    },
    /// What a command left unfinished.
    Work {
        /// The sequence of the event that recorded it, such as `orders_ending` or `sweep_paused`.
        begun: u64,
    },
}

impl From<ParkedDue> for ParkedDueBody {
    fn from(due: ParkedDue) -> Self {
        match due {
            ParkedDue::Contract { contract } => Self::Contract { contract: contract.uuid() },
            ParkedDue::SpotHour { market, hour } => Self::SpotHour { market, hour },
            ParkedDue::Expiry { order } => Self::Expiry { order: order.uuid() },
            ParkedDue::LotEnd { lot } => Self::LotEnd { lot: lot.uuid() },
            ParkedDue::BoxRun { box_id } => Self::BoxRun { box_id: box_id.uuid() },
            ParkedDue::Auction { market } => Self::Auction { market },
            ParkedDue::Work { begun } => Self::Work { begun },
        }
    }
}

impl From<ParkedDueBody> for ParkedDue {
    fn from(due: ParkedDueBody) -> Self {
        match due {
            ParkedDueBody::Contract { contract } => Self::Contract { contract: ContractId::new(contract) },
            ParkedDueBody::SpotHour { market, hour } => Self::SpotHour { market, hour },
            ParkedDueBody::Expiry { order } => Self::Expiry { order: OrderId::new(order) },
            ParkedDueBody::LotEnd { lot } => Self::LotEnd { lot: LotId::new(lot) },
            ParkedDueBody::BoxRun { box_id } => Self::BoxRun { box_id: BoxId::new(box_id) },
            ParkedDueBody::Auction { market } => Self::Auction { market },
            ParkedDueBody::Work { begun } => Self::Work { begun },
        }
    }
}

/// Something that was set aside.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ParkedBody {
    /// What is set aside; the body of a request that resumes it.
    pub due: ParkedDueBody,
    /// When it was set aside: the time of the event `due_parked`.
    #[schema(value_type = String, format = DateTime)]
    pub since: ledger::Instant,
    /// The id of the invariant that carrying it out would break. Metrics and the audit count it under the same id.
    #[schema(example = "line_in_range")]
    pub invariant: String,
    /// What always holds by that invariant, as a sentence; empty for one that this release does not know.
    pub statement: Cow<'static, str>,
}
