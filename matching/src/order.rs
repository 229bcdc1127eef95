//! Orders at rest: bids and asks.

use std::fmt;
use std::str::FromStr;

use ledger::{Instant, OrganizationId, ShortText};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::billing::Billing;
use crate::hours::{Hour, TermWindow, Window};
use crate::identity::OrderId;
use crate::keys::{LotKey, MarketKey, OwnerKey};
use crate::lot::Binding;
use crate::market::hold;
use crate::price::Price;
use crate::timeline::Timeline;

/// A place in a ranking: what comes first is smallest. A price or its negation, in micro-units, then the sequence of the event that gave the
/// place in time.
pub(crate) type Rank = (i64, u64);

/// A buyer's order for a term.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bid {
    /// Its id.
    pub id: OrderId,
    /// Its place in time: the sequence of the event that gave it.
    pub priority: u64,
    /// The buyer.
    pub organization: OrganizationId,
    /// Where it trades.
    pub markets: SmallVec<[MarketKey; 2]>,
    /// GPUs ordered.
    pub gpus: u32,
    /// What it is for.
    pub terms: BidTerms,
    /// What it asked for besides when it was placed; `terms` has what its amendments and trades have made of it.
    pub options: BidOptions,
    /// The earliest gate of its markets, in minutes before an hour.
    pub gate_minutes: u16,
    /// The highest fee of its markets, in basis points.
    pub fee_bps_max: u16,
    /// Whether it stays after what it trades as it arrives. One that does not never stands in a book.
    pub stays: bool,
    /// How many hours of a window its hold pays for.
    pub held_hours: u32,
}

/// What a bid asks for besides where, how many, when, and at what price. The log has every default resolved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct BidOptions {
    /// How long it stays.
    #[serde(default)]
    #[schemars(required)]
    pub time_in_force: TimeInForce,
    /// The fewest GPUs in one trade; all of them for all-or-none. The lot size when not given.
    #[schemars(with = "u32")]
    pub min_gpus: Option<u32>,
    /// Of a GTD bid: when it ends.
    #[serde(default, skip_serializing_if = "is_default")]
    pub expires_at: Option<Instant>,
    /// Which lots may serve it together.
    #[serde(default, skip_serializing_if = "is_default")]
    pub placement: Placement,
    /// Whether it is cancelled rather than trade at once.
    #[serde(default, skip_serializing_if = "is_default")]
    pub post_only: bool,
    /// What happens when it meets an order of its own organization.
    #[serde(default, skip_serializing_if = "is_default")]
    pub self_trade_prevention: SelfTradePrevention,
    /// How its contracts are paid. Not given in a command, as usual; in the log of an early release, whole.
    #[serde(default, skip_serializing_if = "is_default")]
    pub billing: Option<Billing>,
}

/// Whether a field has the value that is not written.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What a bid asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct BidTerms {
    /// GPUs still wanted; the whole quantity when the bid arrives.
    pub remaining: u32,
    /// The fewest GPUs in one trade, see [`BidTerms::minimum`].
    pub min_gpus: u32,
    /// What the GPUs of each of its trades are a whole multiple of: a common multiple of its markets' lot sizes.
    pub lot_size: u32,
    /// Whether it trades whole or not at all.
    pub all_or_none: bool,
    /// The hours, all of them from one lot.
    pub window: TermWindow,
    /// The highest price per GPU-hour.
    pub limit_price: Price,
    /// Which lots may serve it together.
    pub placement: Placement,
    /// What its first trade has bound it to.
    pub bound_to: Option<Binding>,
}

impl BidTerms {
    /// The fewest GPUs that one trade may carry now: `min_gpus`, or all that remains when that is less. An all-or-none
    /// bid bounds its trades together, not each of them, so that several lots may serve it.
    pub fn minimum(&self) -> u32 {
        if self.all_or_none { self.lot_size } else { self.min_gpus.min(self.remaining) }
    }

    /// The fewest GPUs that any of its trades to come may carry, the last included, which may be the smallest.
    pub fn smallest_trade(&self) -> u32 {
        if self.remaining > self.min_gpus { self.lot_size } else { self.minimum() }
    }
}

impl Bid {
    /// What it has set aside.
    pub fn hold(&self) -> ledger::Amount {
        hold(self.terms.limit_price, self.terms.remaining, self.held_hours, self.fee_bps_max)
    }

    /// When it ends by itself: at the gate of its latest start, or before by its own wish.
    pub fn expires(&self) -> Instant {
        let gate = crate::market::gate(self.terms.window.latest(), self.gate_minutes);
        self.options.expires_at.map_or(gate, |wish| wish.min(gate))
    }

    pub(crate) fn rank(&self) -> Rank {
        (-self.terms.limit_price.micros(), self.priority)
    }
}

/// Which lots may serve a bid together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// Any.
    #[default]
    Any,
    /// Lots of one provider.
    OneProvider,
    /// One lot.
    OneFabric,
}

/// What happens when an arriving order would trade with one of its own organization.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SelfTradePrevention {
    /// What is left of the arriving order is cancelled.
    #[default]
    CancelNewest,
    /// The order at rest is cancelled, and the arriving one goes on.
    CancelOldest,
    /// Both are cancelled.
    CancelBoth,
}

/// A seller's order for terms.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask {
    /// Its id.
    pub id: OrderId,
    /// Its place in time: the sequence of the event that gave it.
    pub priority: u64,
    /// The seller.
    pub organization: OrganizationId,
    /// Where it trades.
    pub market: MarketKey,
    /// The lot that backs it.
    pub lot: LotKey,
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
    /// What happens when it meets an order of its own organization.
    pub self_trade_prevention: SelfTradePrevention,
    /// Its place among the lot's asks.
    pub(crate) place_in_lot: u32,
    /// The organization's key among those with asks.
    pub(crate) owner: OwnerKey,
}

impl Ask {
    pub(crate) fn rank(&self) -> Rank {
        (self.limit_price.micros(), self.priority)
    }
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

/// A buyer's standing order for the next hour, again and again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpotBid {
    /// Its id.
    pub id: OrderId,
    /// Its place in time: the sequence of the event that gave it.
    pub priority: u64,
    /// The buyer.
    pub organization: OrganizationId,
    /// Where it trades.
    pub market: MarketKey,
    /// The most GPUs it buys.
    pub gpus: u32,
    /// The fewest GPUs it takes.
    pub min_gpus: u32,
    /// The highest price per GPU-hour.
    pub limit_price: Price,
    /// Whether it waits for funds, with nothing set aside.
    pub suspended: bool,
}

impl SpotBid {
    /// What it sets aside for its next hour.
    pub fn next_hour(&self, fee_bps: u16) -> ledger::Amount {
        hold(self.limit_price, self.gpus, 1, fee_bps)
    }

    pub(crate) fn rank(&self) -> Rank {
        (-self.limit_price.micros(), self.priority)
    }
}

/// A seller's standing order by the hour.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpotAsk {
    /// Its id.
    pub id: OrderId,
    /// Its place in time: the sequence of the event that gave it.
    pub priority: u64,
    /// The seller.
    pub organization: OrganizationId,
    /// Where it trades.
    pub market: MarketKey,
    /// The lot that backs it.
    pub lot: LotKey,
    /// The most GPUs it sells in any one hour.
    pub gpus: u32,
    /// The lowest price per GPU-hour.
    pub limit_price: Price,
    /// The hours on offer.
    pub window: Window,
    /// Its place among the lot's asks.
    pub(crate) place_in_lot: u32,
}

impl SpotAsk {
    pub(crate) fn rank(&self) -> Rank {
        (self.limit_price.micros(), self.priority)
    }

    /// The hours on offer from `hour` on: whether that one is.
    pub fn offers(&self, hour: Hour) -> bool {
        self.window.start() <= hour && hour < self.window.end()
    }
}

/// An order at rest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Order {
    /// To buy for a term.
    Bid(Bid),
    /// To sell for terms.
    Ask(Ask),
    /// To buy by the hour.
    SpotBid(SpotBid),
    /// To sell by the hour.
    SpotAsk(SpotAsk),
}

impl Order {
    /// Its id.
    pub fn id(&self) -> OrderId {
        match self {
            Self::Bid(order) => order.id,
            Self::Ask(order) => order.id,
            Self::SpotBid(order) => order.id,
            Self::SpotAsk(order) => order.id,
        }
    }

    /// Whose it is.
    pub fn organization(&self) -> OrganizationId {
        match self {
            Self::Bid(order) => order.organization,
            Self::Ask(order) => order.organization,
            Self::SpotBid(order) => order.organization,
            Self::SpotAsk(order) => order.organization,
        }
    }

    /// Where it trades; of a bid for several markets, the first.
    pub fn market(&self) -> MarketKey {
        match self {
            Self::Bid(order) => order.markets[0],
            Self::Ask(order) => order.market,
            Self::SpotBid(order) => order.market,
            Self::SpotAsk(order) => order.market,
        }
    }

    /// Whether it trades in a market.
    pub fn trades_in(&self, market: MarketKey) -> bool {
        match self {
            Self::Bid(order) => order.markets.contains(&market),
            _ => self.market() == market,
        }
    }

    /// The lot that backs it, of an ask.
    pub fn lot(&self) -> Option<LotKey> {
        match self {
            Self::Ask(order) => Some(order.lot),
            Self::SpotAsk(order) => Some(order.lot),
            Self::Bid(_) | Self::SpotBid(_) => None,
        }
    }

    /// When it ends by itself: an ask with its window, a spot bid and what does not stay never.
    pub fn expires(&self) -> Option<Instant> {
        match self {
            Self::Bid(order) => order.stays.then(|| order.expires()),
            Self::Ask(order) => Some(order.window.end().start()),
            Self::SpotAsk(order) => Some(order.window.end().start()),
            Self::SpotBid(_) => None,
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
    /// Good till date: what does not fill rests until a given instant.
    Gtd,
    /// Immediate or cancel: what does not fill at once is cancelled.
    Ioc,
    /// Fill or kill: it fills whole at once or is cancelled.
    Fok,
}

impl TimeInForce {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Gtc, Self::Gtd, Self::Ioc, Self::Fok];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gtc => "GTC",
            Self::Gtd => "GTD",
            Self::Ioc => "IOC",
            Self::Fok => "FOK",
        }
    }
}

/// The caller's own name for an order, unique within its organization: 1 to 64 printable ASCII characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientOrderId(ShortText<64>);

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
        ShortText::new(text).map(Self).ok_or(InvalidClientOrderId)
    }
}

impl fmt::Display for ClientOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

ledger::text_form!(ClientOrderId, {"type": "string", "minLength": 1, "maxLength": 64});
