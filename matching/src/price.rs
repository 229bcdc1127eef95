//! Prices per GPU-hour, and what a quantity costs at one.

use std::fmt;
use std::str::FromStr;

use ledger::{Amount, AmountError};

/// Minutes in an hour.
pub(crate) const MINUTES_PER_HOUR: u32 = 60;

/// Price: micro-units of the market's currency per GPU-hour, more than zero and at most one million units.
///
/// Text form (also in JSON): a decimal with four to six places, such as `1.0500`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(i64);

/// Reason why a text is not a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrice {
    /// Not a decimal of at most six places.
    #[error(transparent)]
    Decimal(#[from] AmountError),
    /// Zero, negative, or above [`Price::MAX`].
    #[error("a price is above zero and at most 1000000")]
    OutOfRange,
}

impl Price {
    /// Highest price: one million units per GPU-hour.
    pub const MAX: Self = Self(1_000_000_000_000);

    /// Makes a price of `micros` micro-units per GPU-hour.
    ///
    /// # Errors
    /// [`InvalidPrice::OutOfRange`] outside `1..=`[`Price::MAX`].
    pub const fn from_micros(micros: i64) -> Result<Self, InvalidPrice> {
        if micros > 0 && micros <= Self::MAX.0 { Ok(Self(micros)) } else { Err(InvalidPrice::OutOfRange) }
    }

    /// Returns micro-units per GPU-hour.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Returns whether the price is a whole number of ticks.
    pub const fn is_on(self, tick: Self) -> bool {
        self.0 % tick.0 == 0
    }

    /// Returns the lowest price from this one on that is on every one of these ticks; `None` when there is none up to
    /// [`Price::MAX`].
    pub fn up_to(self, ticks: impl Iterator<Item = Self>) -> Option<Self> {
        let mut common: i64 = 1;
        for tick in ticks {
            let (mut x, mut y) = (common, tick.0);
            while y > 0 {
                (x, y) = (y, x % y);
            }
            common = (common / x).checked_mul(tick.0)?;
        }
        let ticks = (self.0 - 1) / common + 1;
        ticks.checked_mul(common).and_then(|micros| Self::from_micros(micros).ok())
    }

    /// Computes what `gpus` cost at this price for `minutes` of an hour, rounded down to the micro-unit.
    pub fn cost_of_minutes(self, gpus: u32, minutes: u32) -> Amount {
        self.cost_of_gpu_minutes(u64::from(gpus) * u64::from(minutes))
    }

    /// Computes what `gpu_minutes` cost at this price, rounded down to the micro-unit.
    pub fn cost_of_gpu_minutes(self, gpu_minutes: u64) -> Amount {
        Amount::from_micros(i128::from(self.0) * i128::from(gpu_minutes) / i128::from(MINUTES_PER_HOUR))
    }

    /// Computes what `gpus` cost at this price for `hours`, exactly.
    pub fn cost(self, gpus: u32, hours: u32) -> Amount {
        Amount::from_micros(i128::from(self.0) * i128::from(gpus) * i128::from(hours))
    }
}

impl FromStr for Price {
    type Err = InvalidPrice;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let amount: Amount = text.parse()?;
        i64::try_from(amount.micros()).map_err(|_| InvalidPrice::OutOfRange).and_then(Self::from_micros)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, micros) = (self.0 / 1_000_000, self.0 % 1_000_000);
        if micros % 100 == 0 {
            write!(f, "{whole}.{:04}", micros / 100)
        } else if micros % 10 == 0 {
            write!(f, "{whole}.{:05}", micros / 10)
        } else {
            write!(f, "{whole}.{micros:06}")
        }
    }
}

ledger::text_form!(Price, {"type": "string", "pattern": r"^[0-9]+\.[0-9]{4,6}$"});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form() {
        for (text, canonical) in [("1.05", "1.0500"), ("0.00005", "0.00005"), ("2.137501", "2.137501"), ("7", "7.0000")]
        {
            assert_eq!(text.parse::<Price>().map(|price| price.to_string()), Ok(canonical.to_owned()));
        }
        for bad in ["0", "-1", "1000000.0001", "one", "1.0000001"] {
            assert!(bad.parse::<Price>().is_err(), "{bad}");
        }
    }

    #[test]
    fn seven_gpus_for_a_month() {
        let price: Price = "2.1375".parse().expect("a price");
        assert_eq!(price.cost(7, 720).to_string(), "10773.00");
    }
}
