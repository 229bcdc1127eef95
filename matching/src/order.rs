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

/// Place in a ranking: what comes first is smallest. A price or its negation, in micro-units, then the sequence of the
/// event that gave the place in time.
pub(crate) type Rank = (i64, u64);

/// Order of a buyer for a term.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bid {
    /// Id of the order.
    pub id: OrderId,
    /// Sequence of the event that gave it its place in time.
    pub priority: u64,
    /// Organization that buys.
    pub organization: OrganizationId,
    /// Markets in which it trades; events name the first.
    pub markets: SmallVec<[MarketKey; 2]>,
    /// Number of GPUs ordered.
    pub gpus: u32,
    /// Terms as its amendments and trades have made them.
    pub terms: BidTerms,
    /// Options with which it was placed; `terms` has what has become of them.
    pub options: BidOptions,
    /// Earliest gate of its markets, in minutes before an hour.
    pub gate_minutes: u16,
    /// Highest fee of its markets, in basis points.
    pub fee_bps_max: u16,
    /// Whether it stays after what it trades as it arrives. One that does not never stands in a book.
    pub stays: bool,
    /// Number of hours of its window that its hold pays for.
    pub held_hours: u32,
}

/// Options of a bid besides market, quantity, hours and price. The log has every default resolved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct BidOptions {
    /// Time in force: how long it stays.
    #[serde(default)]
    #[schemars(required)]
    pub time_in_force: TimeInForce,
    /// Smallest number of GPUs in one trade; all of them for all-or-none. `None` for the lot size.
    #[schemars(with = "u32")]
    pub min_gpus: Option<u32>,
    /// Instant at which a GTD bid ends; `None` for the other times in force.
    #[serde(default, skip_serializing_if = "is_default")]
    pub expires_at: Option<Instant>,
    /// Placement: which lots may serve it together.
    #[serde(default, skip_serializing_if = "is_default")]
    pub placement: Placement,
    /// Whether it is cancelled rather than trade at once.
    #[serde(default, skip_serializing_if = "is_default")]
    pub post_only: bool,
    /// Rule for meeting an order of its own organization.
    #[serde(default, skip_serializing_if = "is_default")]
    pub self_trade_prevention: SelfTradePrevention,
    /// Billing of its contracts. `None` in a command stands for the default, in a log of an early release for payment
    /// in whole.
    #[serde(default, skip_serializing_if = "is_default")]
    pub billing: Option<Billing>,
}

/// Returns whether a field has its default value, which is not written.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Terms of a bid as it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct BidTerms {
    /// Number of GPUs still wanted; the whole quantity when the bid arrives.
    pub remaining: u32,
    /// Smallest number of GPUs in one trade; see [`BidTerms::minimum`].
    pub min_gpus: u32,
    /// Common multiple of its markets' lot sizes, of which the GPUs of each of its trades are a whole multiple.
    pub lot_size: u32,
    /// Whether it trades whole or not at all.
    pub all_or_none: bool,
    /// Hours wanted, all of them from one lot.
    pub window: TermWindow,
    /// Highest price per GPU-hour.
    pub limit_price: Price,
    /// Placement: which lots may serve it together.
    pub placement: Placement,
    /// Binding by its first trade; `None` before that, and for any placement.
    pub bound_to: Option<Binding>,
}

impl BidTerms {
    /// Returns the fewest GPUs that one trade may carry now: `min_gpus`, or all that remains when that is less. An
    /// all-or-none bid bounds its trades together, not each of them, so that several lots may serve it.
    pub fn minimum(&self) -> u32 {
        if self.all_or_none { self.lot_size } else { self.min_gpus.min(self.remaining) }
    }

    /// Returns the fewest GPUs that any of its trades to come may carry, the last included, which may be the smallest.
    pub fn smallest_trade(&self) -> u32 {
        if self.remaining > self.min_gpus { self.lot_size } else { self.minimum() }
    }
}

impl Bid {
    /// Computes what it has set aside.
    pub fn hold(&self) -> ledger::Amount {
        hold(self.terms.limit_price, self.terms.remaining, self.held_hours, self.fee_bps_max)
    }

    /// Returns when it ends by itself: at the gate of its latest start, or at its own expiry if that is earlier.
    pub fn expires(&self) -> Instant {
        let gate = crate::market::gate(self.terms.window.latest(), self.gate_minutes);
        self.options.expires_at.map_or(gate, |wish| wish.min(gate))
    }

    pub(crate) fn rank(&self) -> Rank {
        (-self.terms.limit_price.micros(), self.priority)
    }
}

/// Placement: which lots may serve a bid together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// Lots of any providers.
    #[default]
    Any,
    /// Lots of one provider.
    OneProvider,
    /// One lot, and so one fabric.
    OneFabric,
}

/// Rule for an arriving order that would trade with one of its own organization.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SelfTradePrevention {
    /// The rest of the arriving order is cancelled.
    #[default]
    CancelNewest,
    /// The order at rest is cancelled, and the arriving one goes on.
    CancelOldest,
    /// Both are cancelled.
    CancelBoth,
}

/// Order of a seller for terms.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask {
    /// Id of the order.
    pub id: OrderId,
    /// Sequence of the event that gave it its place in time.
    pub priority: u64,
    /// Organization that sells.
    pub organization: OrganizationId,
    /// Market in which it trades.
    pub market: MarketKey,
    /// Lot that backs it.
    pub lot: LotKey,
    /// Largest number of GPUs that it sells in any one hour.
    pub gpus: u32,
    /// Lowest price per GPU-hour.
    pub limit_price: Price,
    /// Hours on offer.
    pub window: Window,
    /// Shortest and longest sale, in hours.
    pub hours: HoursRange,
    /// Number of GPUs that it may still sell in each hour.
    pub remaining: Timeline,
    /// Rule for meeting an order of its own organization.
    pub self_trade_prevention: SelfTradePrevention,
    /// Index among the lot's asks.
    pub(crate) place_in_lot: u32,
    /// Key of the organization among those with asks.
    pub(crate) owner: OwnerKey,
}

impl Ask {
    pub(crate) fn rank(&self) -> Rank {
        (self.limit_price.micros(), self.priority)
    }
}

/// Bounds on the length of a sale, in hours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HoursRange {
    /// Shortest sale, at least 1.
    pub min: u32,
    /// Longest sale, at least `min`.
    pub max: u32,
}

impl HoursRange {
    /// Returns whether a sale of this length is allowed.
    pub fn contains(self, hours: u32) -> bool {
        (self.min..=self.max).contains(&hours)
    }
}

/// Standing order of a buyer for the next hour, again and again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpotBid {
    /// Id of the order.
    pub id: OrderId,
    /// Sequence of the event that gave it its place in time.
    pub priority: u64,
    /// Organization that buys.
    pub organization: OrganizationId,
    /// Market in which it trades.
    pub market: MarketKey,
    /// Largest number of GPUs that it buys.
    pub gpus: u32,
    /// Smallest number of GPUs that it takes.
    pub min_gpus: u32,
    /// Highest price per GPU-hour.
    pub limit_price: Price,
    /// Whether it waits for funds, with nothing set aside.
    pub suspended: bool,
}

impl SpotBid {
    /// Computes what it sets aside for its next hour, with a fee of `fee_bps`.
    pub fn next_hour(&self, fee_bps: u16) -> ledger::Amount {
        hold(self.limit_price, self.gpus, 1, fee_bps)
    }

    pub(crate) fn rank(&self) -> Rank {
        (-self.limit_price.micros(), self.priority)
    }
}

/// Standing order of a seller by the hour.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpotAsk {
    /// Id of the order.
    pub id: OrderId,
    /// Sequence of the event that gave it its place in time.
    pub priority: u64,
    /// Organization that sells.
    pub organization: OrganizationId,
    /// Market in which it trades.
    pub market: MarketKey,
    /// Lot that backs it.
    pub lot: LotKey,
    /// Largest number of GPUs that it sells in any one hour.
    pub gpus: u32,
    /// Lowest price per GPU-hour.
    pub limit_price: Price,
    /// Hours on offer.
    pub window: Window,
    /// Index among the lot's asks.
    pub(crate) place_in_lot: u32,
}

impl SpotAsk {
    pub(crate) fn rank(&self) -> Rank {
        (self.limit_price.micros(), self.priority)
    }

    /// Returns whether `hour` is on offer.
    pub fn offers(&self, hour: Hour) -> bool {
        self.window.start() <= hour && hour < self.window.end()
    }
}

/// Order at rest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Order {
    /// Buys for a term.
    Bid(Bid),
    /// Sells for terms.
    Ask(Ask),
    /// Buys by the hour.
    SpotBid(SpotBid),
    /// Sells by the hour.
    SpotAsk(SpotAsk),
}

impl Order {
    /// Returns the order's id.
    pub fn id(&self) -> OrderId {
        match self {
            Self::Bid(order) => order.id,
            Self::Ask(order) => order.id,
            Self::SpotBid(order) => order.id,
            Self::SpotAsk(order) => order.id,
        }
    }

    /// Returns the organization that placed it.
    pub fn organization(&self) -> OrganizationId {
        match self {
            Self::Bid(order) => order.organization,
            Self::Ask(order) => order.organization,
            Self::SpotBid(order) => order.organization,
            Self::SpotAsk(order) => order.organization,
        }
    }

    /// Returns the market in which it trades; of a bid for several markets, the first.
    pub fn market(&self) -> MarketKey {
        match self {
            Self::Bid(order) => order.markets[0],
            Self::Ask(order) => order.market,
            Self::SpotBid(order) => order.market,
            Self::SpotAsk(order) => order.market,
        }
    }

    /// Returns whether it trades in a market.
    pub fn trades_in(&self, market: MarketKey) -> bool {
        match self {
            Self::Bid(order) => order.markets.contains(&market),
            _ => self.market() == market,
        }
    }

    /// Returns the lot that backs an ask; `None` for a bid.
    pub fn lot(&self) -> Option<LotKey> {
        match self {
            Self::Ask(order) => Some(order.lot),
            Self::SpotAsk(order) => Some(order.lot),
            Self::Bid(_) | Self::SpotBid(_) => None,
        }
    }

    /// Returns when it ends by itself: an ask with its window, a term bid at its gate or expiry. `None` for a spot bid
    /// and a bid that does not stay.
    pub fn expires(&self) -> Option<Instant> {
        match self {
            Self::Bid(order) => order.stays.then(|| order.expires()),
            Self::Ask(order) => Some(order.window.end().start()),
            Self::SpotAsk(order) => Some(order.window.end().start()),
            Self::SpotBid(_) => None,
        }
    }
}

/// Time in force: how long an order stays.
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
    /// All variants, in order.
    pub const ALL: [Self; 4] = [Self::Gtc, Self::Gtd, Self::Ioc, Self::Fok];

    /// Returns the name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gtc => "GTC",
            Self::Gtd => "GTD",
            Self::Ioc => "IOC",
            Self::Fok => "FOK",
        }
    }
}

/// Caller's own name for an order, unique within its organization: 1 to 64 printable ASCII characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientOrderId(ShortText<64>);

/// Error: the text cannot name an order.
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
