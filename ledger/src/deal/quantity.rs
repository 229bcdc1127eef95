//! Plain numbers of a deal: ratios, kilowatts, shares.

use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::invariant::Invariant;
use crate::money::Amount;

/// A number from zero to a million with up to six decimals, such as the ratio `1.25`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(Decimal);

/// The text is no such number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a number is a decimal from 0 to 1000000 with up to six decimals, such as 1.25")]
pub struct InvalidQuantity;

impl Quantity {
    /// One.
    pub const ONE: Self = Self(Decimal::ONE);

    /// The number.
    pub const fn decimal(self) -> Decimal {
        self.0
    }
}

impl FromStr for Quantity {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number: Decimal = text.parse().map_err(|_| InvalidQuantity)?;
        let possible = (Decimal::ZERO..=Decimal::from(1_000_000)).contains(&number) && number.scale() <= 6;
        if possible { Ok(Self(number)) } else { Err(InvalidQuantity) }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_form!(Quantity, {"type": "string", "pattern": "^[0-9]+(\\.[0-9]{1,6})?$"});

/// A number that was computed and rounded, such as a DSCR of `1.250`; it may be below zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Figure(Decimal);

impl Figure {
    /// A number with so many decimals, halves to the even one.
    pub(super) fn rounded(exact: Decimal, places: u32) -> Self {
        let mut rounded = exact.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven);
        rounded.rescale(places);
        Self(rounded)
    }

    /// A ratio, with three decimals; nothing of nothing.
    pub(super) fn ratio(part: Decimal, whole: Decimal) -> Option<Self> {
        Some(Self::rounded(part.checked_div(whole)?, 3))
    }

    /// The number.
    pub const fn decimal(self) -> Decimal {
        self.0
    }
}

impl FromStr for Figure {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| InvalidQuantity)
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_form!(Figure, {"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$"});

/// An amount to the cent, halves to the even one; nothing where it is beyond what the books take.
pub(super) fn cents(exact: Decimal) -> Option<Amount> {
    Amount::from_decimal(exact.round_dp_with_strategy(2, RoundingStrategy::MidpointNearestEven)).ok()
}

/// An amount to the cent of what is known to be in the range of the books; what is not violates [`Invariant::NumberFits`].
pub(super) fn cents_in_range(exact: Decimal) -> Amount {
    cents(exact).unwrap_or_else(|| Invariant::NumberFits.violated(format_args!("{exact} as an amount")))
}

/// `amount × by`, to the cent, halves to the even one; nothing where it is beyond what the books take.
pub(super) fn times(amount: Amount, by: Decimal) -> Option<Amount> {
    cents(amount.to_decimal().checked_mul(by)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_in_text() {
        assert_eq!("1.250".parse::<Quantity>().map(|ratio| ratio.to_string()), Ok("1.250".to_owned()));
        for bad in ["", "-1", "1000001", "0.0000001", "x"] {
            assert_eq!(bad.parse::<Quantity>(), Err(InvalidQuantity), "{bad}");
        }
    }
}
