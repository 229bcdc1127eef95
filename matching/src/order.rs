//! Orders at rest: bids and asks.

use std::fmt;
use std::str::FromStr;

use arrayvec::ArrayString;
use ledger::OrganizationId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{LotId, MarketId, OrderId, Price, Timeline, Window};

/// A buyer's order for one window.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Bid {
    /// Its id.
    pub id: OrderId,
    /// Its place in time: the sequence of the event that placed it.
    pub priority: u64,
    /// The buyer.
    pub organization: OrganizationId,
    /// Where it trades.
    pub market: MarketId,
    /// What it is for.
    pub terms: BidTerms,
    /// The buyer's own name for it.
    pub client_order_id: Option<ClientOrderId>,
}

/// What a bid asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct BidTerms {
    /// GPUs still wanted; the whole quantity when the bid arrives.
    pub remaining: u32,
    /// The fewest GPUs in one trade, see [`BidTerms::minimum`].
    pub min_gpus: u32,
    /// Whether it trades whole or not at all.
    pub all_or_none: bool,
    /// The hours, all of them from one lot.
    pub window: Window,
    /// The highest price per GPU-hour.
    pub limit_price: Price,
}

impl BidTerms {
    /// The fewest GPUs that one trade may carry now: `min_gpus`, or all that remains when that is less. An all-or-none
    /// bid bounds its trades together, not each of them, so that several lots may serve it.
    pub fn minimum(&self, lot_size: u32) -> u32 {
        if self.all_or_none { lot_size } else { self.min_gpus.min(self.remaining) }
    }
}

/// A seller's order on a lot.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Ask {
    /// Its id.
    pub id: OrderId,
    /// Its place in time: the sequence of the event that placed it.
    pub priority: u64,
    /// The seller.
    pub organization: OrganizationId,
    /// Where it trades.
    pub market: MarketId,
    /// The lot that backs it.
    pub lot: LotId,
    /// The most GPUs it sells in any one hour.
    pub gpus: u32,
    /// The lowest price per GPU-hour.
    pub limit_price: Price,
    /// The hours on offer.
    pub window: Window,
    /// How short and how long a sale may be, in hours.
    pub hours: HoursRange,
    /// What it may still sell in each hour.
    pub remaining: Timeline,
    /// The seller's own name for it.
    pub client_order_id: Option<ClientOrderId>,
}

/// The bounds on the length of a sale, in hours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HoursRange {
    /// The shortest, at least 1.
    pub min: u32,
    /// The longest, at least the shortest.
    pub max: u32,
}

impl HoursRange {
    /// Whether a sale of this length is allowed.
    pub fn contains(self, hours: u32) -> bool {
        (self.min..=self.max).contains(&hours)
    }
}

/// An order at rest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub enum Order {
    /// To buy.
    Bid(Bid),
    /// To sell.
    Ask(Ask),
}

impl Order {
    /// Whose it is.
    pub fn organization(&self) -> OrganizationId {
        match self {
            Self::Bid(bid) => bid.organization,
            Self::Ask(ask) => ask.organization,
        }
    }

    /// Where it trades.
    pub fn market(&self) -> MarketId {
        match self {
            Self::Bid(bid) => bid.market,
            Self::Ask(ask) => ask.market,
        }
    }

    /// Its owner's own name for it.
    pub fn client_order_id(&self) -> Option<ClientOrderId> {
        match self {
            Self::Bid(bid) => bid.client_order_id,
            Self::Ask(ask) => ask.client_order_id,
        }
    }
}

/// How long an order stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum TimeInForce {
    /// Good till cancelled: what does not fill rests.
    #[default]
    Gtc,
    /// Immediate or cancel: what does not fill at once is cancelled.
    Ioc,
    /// Fill or kill: it fills whole at once or is cancelled.
    Fok,
}

/// The caller's own name for an order, unique within its organization: 1 to 64 printable ASCII characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientOrderId(ArrayString<64>);

/// The text cannot name an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client_order_id is 1 to 64 printable ASCII characters")]
pub struct InvalidClientOrderId;

impl FromStr for ClientOrderId {
    type Err = InvalidClientOrderId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
            return Err(InvalidClientOrderId);
        }
        ArrayString::from(text).map(Self).map_err(|_| InvalidClientOrderId)
    }
}

impl fmt::Display for ClientOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

ledger::text_form!(ClientOrderId, {"type": "string", "minLength": 1, "maxLength": 64});
