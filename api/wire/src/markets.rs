//! Markets and their books.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ledger::{Currency, Label};
use matching::{Class, GATE_MINUTES, Hour, MarketId, MarketSpec, Price, PriceBand};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::share::Share;
use crate::window::WindowBody;

/// A GPU product.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassBody {
    /// The GPU's model.
    #[schema(example = "A100")]
    pub model: String,
    /// Memory per GPU in gigabytes.
    #[schema(example = 80)]
    pub memory_gb: u16,
    /// The form factor.
    #[schema(example = "SXM4")]
    pub form_factor: String,
    /// What connects the nodes.
    #[schema(example = "infiniband")]
    pub fabric: String,
    /// GPUs in one node.
    #[schema(example = 8)]
    pub gpus_per_node: u16,
}

/// A market and the terms on which it trades.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarketBody {
    /// Its id: class and zone.
    #[schema(value_type = String, example = "a100-80g-sxm4-ib.us-tx-1")]
    pub id: MarketId,
    /// What is traded.
    pub class: ClassBody,
    /// Where it is delivered.
    #[schema(example = "us-tx-1")]
    pub zone: String,
    /// What prices are in: an ISO 4217 code.
    #[schema(value_type = String, example = "USD")]
    pub currency: Currency,
    /// Prices are whole multiples of this.
    #[schema(value_type = String, example = "0.0001")]
    pub price_tick: Price,
    /// Quantities are whole multiples of this many GPUs.
    #[schema(example = 8)]
    pub lot_size: u32,
    /// The fee of the order that rested, in basis points.
    #[schema(example = 0)]
    pub maker_fee_bps: u16,
    /// The fee of the order that arrived, in basis points.
    #[schema(example = 50)]
    pub taker_fee_bps: u16,
    /// Trading for an hour ends, and its spot auction is held, this many minutes before it starts: 1 to 60.
    #[serde(default = "usual_gate")]
    #[schema(example = 5)]
    pub gate_minutes: u16,
    /// What buyers may ask of the zone.
    #[serde(default)]
    pub zone_attributes: ZoneBody,
}

/// What is known of a zone.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneBody {
    /// The region.
    #[schema(example = "us")]
    pub region: Option<String>,
    /// The share of renewable energy, 0 to 1 with at most four decimals.
    #[schema(value_type = Option<String>, example = "0.92")]
    pub renewable_share: Option<Share>,
    /// The grid that feeds it.
    #[schema(example = "ercot")]
    pub grid: Option<String>,
    /// The round trip to named cities in milliseconds.
    #[serde(default)]
    #[schema(example = json!({"dallas": 6}))]
    pub round_trip_ms: BTreeMap<String, u32>,
}

fn usual_gate() -> u16 {
    GATE_MINUTES
}

/// A market as it trades now.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct MarketStateBody {
    /// Its terms.
    #[serde(flatten)]
    pub terms: MarketBody,
    /// `open`, or `halted`: orders rest and do not trade.
    pub status: Cow<'static, str>,
    /// How far limits may be from the last price.
    pub price_band: Option<PriceBandBody>,
    /// The price of the last term trade.
    #[schema(value_type = Option<String>)]
    pub last_price: Option<Price>,
    /// The clearing price of the last spot auction that had one.
    #[schema(value_type = Option<String>)]
    pub last_spot_price: Option<Price>,
}

/// A guard against mistyped prices.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceBandBody {
    /// How far a bid's limit may be above, and an ask's below the last price, in basis points of it: 1 to 100000.
    #[schema(example = 5000)]
    pub width_bps: u32,
    /// What the band is around until a trade sets a price.
    #[schema(value_type = Option<String>, example = "1.0500")]
    pub reference: Option<Price>,
}

impl From<PriceBandBody> for PriceBand {
    fn from(body: PriceBandBody) -> Self {
        Self { width_bps: body.width_bps, reference: body.reference }
    }
}

impl From<&MarketSpec> for MarketBody {
    fn from(spec: &MarketSpec) -> Self {
        let Class { memory_gb, gpus_per_node, .. } = spec.class;
        let zone = &spec.zone_attributes;
        let shown = |text: &Option<Label>| text.as_ref().map(ToString::to_string);
        Self {
            id: spec.id,
            class: ClassBody {
                model: spec.class.model.to_string(),
                memory_gb,
                form_factor: spec.class.form_factor.to_string(),
                fabric: spec.class.fabric.to_string(),
                gpus_per_node,
            },
            zone: spec.zone.to_string(),
            currency: spec.currency,
            price_tick: spec.price_tick,
            lot_size: spec.lot_size,
            maker_fee_bps: spec.maker_fee_bps,
            taker_fee_bps: spec.taker_fee_bps,
            gate_minutes: spec.gate_minutes,
            zone_attributes: ZoneBody {
                region: shown(&zone.region),
                renewable_share: zone.renewable_share_bps.map(|basis_points| Share { basis_points }),
                grid: shown(&zone.grid),
                round_trip_ms: zone.round_trip_ms.iter().map(|(city, time)| (city.to_string(), *time)).collect(),
            },
        }
    }
}

/// For which hours the book is asked.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BookQuery {
    /// The first hour; the next full hour when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    pub start: Option<Hour>,
    /// The hour after the last; one hour after the start when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    pub end: Option<Hour>,
}

/// What is bid or asked at one price.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Level {
    /// The price per GPU-hour.
    #[schema(value_type = String, example = "1.0500")]
    pub price: Price,
    /// GPUs in all orders at this price.
    pub gpus: u64,
    /// How many orders.
    pub orders: u32,
}

/// A market's book for a window.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct BookBody {
    /// The hours for which it holds.
    pub window: WindowBody,
    /// Bids within the window, best first.
    pub bids: Vec<Level>,
    /// Asks that can sell the whole window, best first. Asks that share a lot together show what it has free.
    pub asks: Vec<Level>,
    /// The log's sequence that it includes.
    pub sequence: u64,
}
