//! Markets: a class of GPUs in a zone, the unit of matching.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use ledger::{Amount, Currency, Instant, Label, ShortText, from_log, share_ceil, share_floor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hours::Hour;
use crate::price::Price;

/// Name of a market, class and zone: 3 to 48 of `a–z`, `0–9`, inner `.` and `-`, such as `a100-80g-sxm4-ib.us-tx-1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarketId(ShortText<48>);

/// Error: the text is not a market's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a market's id is 3 to 48 of a-z, 0-9, '.' and '-', beginning and ending with a letter or digit")]
pub struct InvalidMarketId;

impl MarketId {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the class in the name: what stands before the first dot.
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

/// Kind of GPU that is interchangeable.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Model of the GPU, such as `A100`.
    #[serde(deserialize_with = "from_log")]
    pub model: Label,
    /// Memory per GPU, in gigabytes.
    pub memory_gb: u16,
    /// Form factor, such as `SXM4` or `PCIe`.
    #[serde(deserialize_with = "from_log")]
    pub form_factor: Label,
    /// Network between the nodes, such as `infiniband` or `ethernet`.
    #[serde(deserialize_with = "from_log")]
    pub fabric: Label,
    /// Number of GPUs in one node.
    pub gpus_per_node: u16,
}

/// Terms on which a market trades.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarketSpec {
    /// Name of the market.
    pub id: MarketId,
    /// Class of GPU that is traded.
    pub class: Class,
    /// Zone of delivery, such as `us-tx-1`.
    #[serde(deserialize_with = "from_log")]
    pub zone: Label,
    /// Currency of prices and fees.
    pub currency: Currency,
    /// Step of prices: each is a whole multiple of it.
    pub price_tick: Price,
    /// Step of quantities, in GPUs: each is a whole multiple of it; at least 1.
    pub lot_size: u32,
    /// Fee of the order that rested, in basis points of the price, at most 10 000.
    pub maker_fee_bps: u16,
    /// Fee of the order that arrived, in basis points of the price, at most 10 000.
    pub taker_fee_bps: u16,
    /// Minutes before an hour at which trading for it ends, 1 to 60: term bids expire and the spot auction is held.
    #[serde(default = "gate_minutes", skip_serializing_if = "is_usual_gate")]
    pub gate_minutes: u16,
    /// Attributes of the zone that a filter can ask for.
    #[serde(default, skip_serializing_if = "ZoneAttributes::is_empty")]
    pub zone_attributes: ZoneAttributes,
}

/// Gate of a market that names none, in minutes.
pub const GATE_MINUTES: u16 = 5;

const fn gate_minutes() -> u16 {
    GATE_MINUTES
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_usual_gate(minutes: &u16) -> bool {
    *minutes == GATE_MINUTES
}

/// Attributes of a zone, for buyers to choose by.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneAttributes {
    /// Region, such as `us`; `None` when it is not stated.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "from_log")]
    pub region: Option<Label>,
    /// Share of renewable energy, in basis points, at most 10 000; `None` when it is not stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewable_share_bps: Option<u16>,
    /// Electricity grid, such as `ercot`; `None` when it is not stated.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "from_log")]
    pub grid: Option<Label>,
    /// Network round trip to named cities, in milliseconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "from_log")]
    pub round_trip_ms: BTreeMap<Label, u32>,
}

impl ZoneAttributes {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Filter for the markets that a bid may trade in: every attribute given must hold, the others do not matter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MarketFilter {
    /// Classes of which a market must have one; empty admits every class.
    pub classes: Vec<Label>,
    /// Region that the zone must be in; `None` for any.
    pub region: Option<Label>,
    /// Smallest share of renewable energy, in basis points; `None` for any.
    pub renewable_share_min_bps: Option<u16>,
    /// Electricity grid that the zone must be on; `None` for any.
    pub grid: Option<Label>,
    /// Longest network round trip to each of these cities, in milliseconds.
    pub round_trip_ms_max: BTreeMap<Label, u32>,
}

impl MarketFilter {
    /// Returns whether a market passes. An attribute that a zone does not state is one that it does not have.
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
    /// Returns the higher of the two fees, in basis points: what a bid must be able to pay.
    pub fn fee_bps_max(&self) -> u16 {
        self.maker_fee_bps.max(self.taker_fee_bps)
    }

    /// Returns when trading for the hour `start` ends.
    pub fn gate(&self, start: Hour) -> Instant {
        gate(start, self.gate_minutes)
    }

    /// Computes the fee on `amount` for the maker or the taker.
    pub fn fee(&self, role: Liquidity, amount: Amount) -> Amount {
        share_floor(amount, self.fee_bps(role))
    }

    /// Returns the fee rate for the maker or the taker, in basis points.
    pub const fn fee_bps(&self, role: Liquidity) -> u16 {
        match role {
            Liquidity::Maker => self.maker_fee_bps,
            Liquidity::Taker => self.taker_fee_bps,
        }
    }
}

/// Computes what a bid for `gpus` over `hours` sets aside at `limit`, with a fee of `fee_bps`.
pub fn hold(limit: Price, gpus: u32, hours: u32, fee_bps: u16) -> Amount {
    let cost = limit.cost(gpus, hours);
    cost + share_ceil(cost, fee_bps)
}

/// Computes the least common multiple of two lot sizes; `u32::MAX` where it does not fit. No order is of so many GPUs.
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

/// Returns the instant `minutes` before the hour `start`.
pub(crate) fn gate(start: Hour, minutes: u16) -> Instant {
    Instant::nearest_to(start.start().micros() - i64::from(minutes) * 60_000_000)
}

/// Returns the first hour whose gate is still ahead.
pub(crate) fn first_open_hour(now: Instant, gate_minutes: u16) -> Hour {
    let ahead = Instant::nearest_to(now.micros() + i64::from(gate_minutes) * 60_000_000);
    Hour::containing(ahead).plus(1)
}

/// Role of an order in a trade: whether it rested or arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// Rested before the trade.
    Maker,
    /// Arrived and traded.
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
