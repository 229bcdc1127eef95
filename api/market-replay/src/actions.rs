//! What the clients of a replay do, independent of how it is sent.

use rust_decimal::Decimal;

use super::bids::TimeInForce;
use super::calendar::Window;
use super::classes::ClassSpec;
use super::demand::Qos;

/// The one zone of the replay. Seven tenths of the on-demand rows used, and nine tenths of those not from the one
/// marketplace among the providers, name no place (`global`, `any`, a tier); the cluster trace names none at all.
/// Zones would cut the few hundred GPUs of a class into books in which nobody meets, along lines that the data does
/// not draw. Where a place is known it stays visible as the lot's fabric.
const ZONE: &str = "global-1";

/// Every observed price is in US dollars.
const CURRENCY: &str = "USD";
/// The recording's prices have four decimal places at most.
const PRICE_TICK: &str = "0.0001";
const MAKER_FEE_BPS: u32 = 0;
pub(super) const TAKER_FEE_BPS: u32 = 50;

/// A market to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketSpec {
    /// Class id and zone, at most 48 characters.
    pub id: String,
    /// What is traded.
    pub class: &'static ClassSpec,
    /// Where it is delivered.
    pub zone: &'static str,
    /// ISO 4217 code.
    pub currency: &'static str,
    /// The step of prices, as a decimal string.
    pub price_tick: &'static str,
    /// GPUs; the class's GPUs per node.
    pub lot_size: u32,
    /// Fee of the resting side in basis points.
    pub maker_fee_bps: u32,
    /// Fee of the arriving side in basis points.
    pub taker_fee_bps: u32,
}

impl MarketSpec {
    /// The market of a class in the replay's zone.
    pub fn of(class: &'static ClassSpec) -> Self {
        Self {
            id: market_id(class),
            class,
            zone: ZONE,
            currency: CURRENCY,
            price_tick: PRICE_TICK,
            lot_size: class.gpus_per_node,
            maker_fee_bps: MAKER_FEE_BPS,
            taker_fee_bps: TAKER_FEE_BPS,
        }
    }
}

pub(super) fn market_id(class: &ClassSpec) -> String {
    format!("{}.{ZONE}", class.id)
}

/// What an organization does on the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Lists lots and posts asks.
    Provider,
    /// Posts bids.
    Buyer,
}

/// One thing that a client does. Keys are unique in the plan, at most 100 characters of `[a-z0-9.-]`, and stand for
/// the ids that the exchange will give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The operator opens a market.
    CreateMarket(MarketSpec),
    /// The operator admits an organization.
    CreateOrganization {
        /// A slug of at most 32 characters.
        name: String,
        /// What it does.
        role: Role,
        /// What it pays in, USD: enough for all its orders to be held at once; zero for a provider.
        deposit: Decimal,
    },
    /// A provider lists capacity.
    RegisterLot {
        /// The lot's key.
        key: String,
        /// The organization.
        provider: String,
        /// The market's id.
        market: String,
        /// GPUs, a multiple of the lot size.
        gpus: u32,
        /// When they can be used.
        window: Window,
        /// Provider and region.
        fabric: String,
    },
    /// A provider asks a price for a part of a lot.
    TermAsk {
        /// The ask's key.
        key: String,
        /// The lot's key.
        lot_key: String,
        /// The organization.
        provider: String,
        /// GPUs, a multiple of the lot size, at most the lot's.
        gpus: u32,
        /// USD per GPU-hour, on the tick.
        price: Decimal,
        /// Within the lot's window.
        window: Window,
        /// The shortest window sold.
        min_hours: u32,
        /// The longest window sold.
        max_hours: u32,
    },
    /// A buyer bids for a window.
    TermBid {
        /// The bid's key.
        key: String,
        /// The organization.
        buyer: String,
        /// The market's id.
        market: String,
        /// GPUs, a multiple of the lot size.
        gpus: u32,
        /// The fewest GPUs of one execution, a multiple of the lot size.
        min_gpus: u32,
        /// The exact window.
        window: Window,
        /// USD per GPU-hour, on the tick.
        limit_price: Decimal,
        /// What becomes of an unfilled part.
        time_in_force: TimeInForce,
        /// The pods' quality of service; never best effort, which bids spot.
        qos: Qos,
        /// Pods behind the bid.
        pods: u32,
    },
    /// A provider asks a price by the hour for a part of a lot.
    SpotAsk {
        /// The ask's key.
        key: String,
        /// The lot's key.
        lot_key: String,
        /// The organization.
        provider: String,
        /// GPUs, a multiple of the lot size, at most the lot's.
        gpus: u32,
        /// USD per GPU-hour, on the tick.
        price: Decimal,
        /// Within the lot's window.
        window: Window,
    },
    /// A buyer bids by the hour, until it cancels.
    SpotBid {
        /// The bid's key.
        key: String,
        /// The organization.
        buyer: String,
        /// The market's id.
        market: String,
        /// GPUs, a multiple of the lot size.
        gpus: u32,
        /// The fewest GPUs that are of use, a multiple of the lot size.
        min_gpus: u32,
        /// USD per GPU-hour, on the tick.
        limit_price: Decimal,
        /// Pods behind the bid.
        pods: u32,
    },
    /// A buyer cancels a spot bid: its pods are gone.
    CancelSpotBid {
        /// The bid's key.
        key: String,
        /// The organization.
        buyer: String,
    },
}

impl Action {
    /// At one instant: markets, organizations, lots, cancellations, asks, bids, and among equals by key.
    pub(super) fn order(&self) -> (u8, &str) {
        match self {
            Self::CreateMarket(market) => (0, &market.id),
            Self::CreateOrganization { name, .. } => (1, name),
            Self::RegisterLot { key, .. } => (2, key),
            Self::CancelSpotBid { key, .. } => (3, key),
            Self::TermAsk { key, .. } => (4, key),
            Self::SpotAsk { key, .. } => (5, key),
            Self::TermBid { key, .. } => (6, key),
            Self::SpotBid { key, .. } => (7, key),
        }
    }

    /// Whether it places an order.
    pub(super) fn is_order(&self) -> bool {
        matches!(self, Self::TermAsk { .. } | Self::SpotAsk { .. } | Self::TermBid { .. } | Self::SpotBid { .. })
    }
}

/// An action in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Seconds of the trace. The exchange is told nothing of it but that its clock moves from hour to hour.
    pub at: u64,
    /// What is done.
    pub action: Action,
}
