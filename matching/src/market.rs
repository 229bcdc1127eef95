//! Markets: a class of GPUs in a zone, the unit of matching.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use ledger::{Amount, Currency, Instant, Label, ShortText, from_log, share_ceil, share_floor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hours::Hour;
use crate::price::Price;

/// The name of a market, class and zone: 3 to 48 of `a–z`, `0–9`, inner `.` and `-`, such as `a100-80g-sxm4-ib.us-tx-1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarketId(ShortText<48>);

/// The text is not a market's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a market's id is 3 to 48 of a-z, 0-9, '.' and '-', beginning and ending with a letter or digit")]
pub struct InvalidMarketId;

impl MarketId {
    /// The name.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The class in the name: what stands before the first dot.
    pub fn class(&self) -> &str {
        self.as_str().split('.').next().unwrap_or_default()
    }
}

impl FromStr for MarketId {
    type Err = InvalidMarketId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = text.as_bytes();
        let edges_ok = bytes.first().is_some_and(|b| plain(*b)) && bytes.last().is_some_and(|b| plain(*b));
        if text.len() < 3 || !edges_ok || !text.bytes().all(|b| plain(b) || b == b'.' || b == b'-') {
            return Err(InvalidMarketId);
        }
        ShortText::new(text).map(Self).ok_or(InvalidMarketId)
    }
}

impl fmt::Display for MarketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

ledger::text_form!(MarketId, {"type": "string", "pattern": "^[a-z0-9][a-z0-9.-]{1,46}[a-z0-9]$"});

/// A fungible GPU product.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// The GPU's model, such as `A100`.
    #[serde(deserialize_with = "from_log")]
    pub model: Label,
    /// Memory per GPU in gigabytes.
    pub memory_gb: u16,
    /// The form factor, such as `SXM4` or `PCIe`.
    #[serde(deserialize_with = "from_log")]
    pub form_factor: Label,
    /// What connects the nodes, such as `infiniband` or `ethernet`.
    #[serde(deserialize_with = "from_log")]
    pub fabric: Label,
    /// GPUs in one node.
    pub gpus_per_node: u16,
}

/// The terms on which a market trades.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarketSpec {
    /// Its name.
    pub id: MarketId,
    /// What is traded.
    pub class: Class,
    /// Where it is delivered, such as `us-tx-1`.
    #[serde(deserialize_with = "from_log")]
    pub zone: Label,
    /// What prices are in.
    pub currency: Currency,
    /// Prices are whole multiples of this.
    pub price_tick: Price,
    /// Quantities are whole multiples of this many GPUs, at least 1.
    pub lot_size: u32,
    /// The fee of the order that rested, in basis points of the price, at most 10 000.
    pub maker_fee_bps: u16,
    /// The fee of the order that arrived, in basis points of the price, at most 10 000.
    pub taker_fee_bps: u16,
    /// Trading for an hour ends this many minutes before it starts, 1 to 60: term bids expire and the spot auction is held.
    #[serde(default = "gate_minutes", skip_serializing_if = "is_usual_gate")]
    pub gate_minutes: u16,
    /// What a buyer may ask of the zone.
    #[serde(default, skip_serializing_if = "ZoneAttributes::is_empty")]
    pub zone_attributes: ZoneAttributes,
}

/// The gate of a market that names none.
pub const GATE_MINUTES: u16 = 5;

const fn gate_minutes() -> u16 {
    GATE_MINUTES
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_usual_gate(minutes: &u16) -> bool {
    *minutes == GATE_MINUTES
}

/// What is known of a zone, for buyers to choose by.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneAttributes {
    /// The region, such as `us`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "from_log")]
    pub region: Option<Label>,
    /// The share of renewable energy in basis points, at most 10 000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewable_share_bps: Option<u16>,
    /// The grid that feeds it, such as `ercot`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "from_log")]
    pub grid: Option<Label>,
    /// The round trip to named cities in milliseconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "from_log")]
    pub round_trip_ms: BTreeMap<Label, u32>,
}

impl ZoneAttributes {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Which markets a bid may trade in: what is named must hold, what is not does not matter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MarketFilter {
    /// Any of these classes; every class when there are none.
    pub classes: Vec<Label>,
    /// In this region.
    pub region: Option<Label>,
    /// With at least this share of renewable energy, in basis points.
    pub renewable_share_min_bps: Option<u16>,
    /// On this grid.
    pub grid: Option<Label>,
    /// No further than so many milliseconds of round trip from each of these cities.
    pub round_trip_ms_max: BTreeMap<Label, u32>,
}

impl MarketFilter {
    /// Whether a market is one of them. What a market does not tell of its zone, it does not have.
    pub fn admits(&self, market: &MarketSpec) -> bool {
        let zone = &market.zone_attributes;
        let named = |wanted: &Option<Label>, known: &Option<Label>| wanted.is_none() || wanted == known;
        (self.classes.is_empty() || self.classes.iter().any(|class| class.as_written() == market.id.class()))
            && named(&self.region, &zone.region)
            && named(&self.grid, &zone.grid)
            && self
                .renewable_share_min_bps
                .is_none_or(|least| zone.renewable_share_bps.is_some_and(|share| share >= least))
            && self
                .round_trip_ms_max
                .iter()
                .all(|(city, most)| zone.round_trip_ms.get(city).is_some_and(|time| time <= most))
    }
}

impl MarketSpec {
    /// The higher of the two fees, in basis points: what a bid must be able to pay.
    pub fn fee_bps_max(&self) -> u16 {
        self.maker_fee_bps.max(self.taker_fee_bps)
    }

    /// When trading for the hour `start` ends.
    pub fn gate(&self, start: Hour) -> Instant {
        gate(start, self.gate_minutes)
    }

    /// The fee on `amount` for the maker or the taker.
    pub fn fee(&self, role: Liquidity, amount: Amount) -> Amount {
        share_floor(amount, self.fee_bps(role))
    }

    /// The rate of that fee in basis points.
    pub const fn fee_bps(&self, role: Liquidity) -> u16 {
        match role {
            Liquidity::Maker => self.maker_fee_bps,
            Liquidity::Taker => self.taker_fee_bps,
        }
    }
}

/// What a bid for `gpus` over `hours` sets aside at `limit`, with the highest fee that it may have to pay.
pub fn hold(limit: Price, gpus: u32, hours: u32, fee_bps: u16) -> Amount {
    let cost = limit.cost(gpus, hours);
    cost + share_ceil(cost, fee_bps)
}

/// What is a whole multiple of two lot sizes; the largest number where there is none below it. No order is of so many GPUs.
pub(crate) fn least_common_multiple(a: u32, b: u32) -> u32 {
    let (mut x, mut y) = (a, b);
    while y > 0 {
        (x, y) = (y, x % y);
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "a lot size beyond any quantity is as good as any other: no order is a multiple"
    )]
    let multiple = (a / x.max(1)).saturating_mul(b);
    multiple
}

/// `minutes` before the hour `start`.
pub(crate) fn gate(start: Hour, minutes: u16) -> Instant {
    Instant::nearest_to(start.start().micros() - i64::from(minutes) * 60_000_000)
}

/// The first hour whose gate is still ahead.
pub(crate) fn first_open_hour(now: Instant, gate_minutes: u16) -> Hour {
    let ahead = Instant::nearest_to(now.micros() + i64::from(gate_minutes) * 60_000_000);
    Hour::containing(ahead).plus(1)
}

/// Whether an order was resting when it traded or arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// It rested.
    Maker,
    /// It arrived.
    Taker,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn market_names() {
        assert!("a100-80g-sxm4-ib.us-tx-1".parse::<MarketId>().is_ok());
        for bad in ["", "a", "ab", "A100.us", "a100.", ".a100", "a100 us", "a100/us"] {
            assert_eq!(bad.parse::<MarketId>(), Err(InvalidMarketId), "{bad}");
        }
        assert_eq!("x".repeat(49).parse::<MarketId>(), Err(InvalidMarketId));
    }
}
