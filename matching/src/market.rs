//! Markets: a class of GPUs in a zone, the unit of matching.

use std::fmt;
use std::str::FromStr;

use arrayvec::ArrayString;
use ledger::{Amount, Currency, share_ceil, share_floor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Price, Window};

/// The name of a market, class and zone: 3 to 48 of `a–z`, `0–9`, inner `.` and `-`, such as `a100-80g-sxm4-ib.us-tx-1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarketId(ArrayString<48>);

/// The text is not a market's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a market's id is 3 to 48 of a-z, 0-9, '.' and '-', beginning and ending with a letter or digit")]
pub struct InvalidMarketId;

impl MarketId {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
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
        ArrayString::from(text).map(Self).map_err(|_| InvalidMarketId)
    }
}

impl fmt::Display for MarketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

ledger::text_form!(MarketId, {"type": "string", "pattern": "^[a-z0-9][a-z0-9.-]{1,46}[a-z0-9]$"});

/// A fungible GPU product.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// The GPU's model, such as `A100`.
    pub model: String,
    /// Memory per GPU in gigabytes.
    pub memory_gb: u16,
    /// The form factor, such as `SXM4` or `PCIe`.
    pub form_factor: String,
    /// What connects the nodes, such as `infiniband` or `ethernet`.
    pub fabric: String,
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
    pub zone: String,
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
}

impl MarketSpec {
    /// What a bid for `gpus` over `window` sets aside at `limit`: the price and the higher of the two fees.
    pub fn hold(&self, limit: Price, gpus: u32, window: Window) -> Amount {
        let cost = limit.cost(gpus, window.hours());
        cost + share_ceil(cost, self.maker_fee_bps.max(self.taker_fee_bps))
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
