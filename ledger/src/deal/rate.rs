//! Yearly rates.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

/// A yearly rate as a fraction, with up to twelve decimals: `0.083` is 8.3 %. It is between −1 and 10.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(Decimal);

/// The text is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rate is a decimal fraction between -1 and 10 with up to twelve decimals, such as 0.083 for 8.3 %")]
pub struct InvalidRate;

impl Rate {
    /// The fraction.
    pub const fn fraction(self) -> Decimal {
        self.0
    }
}

impl FromStr for Rate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fraction: Decimal = text.parse().map_err(|_| InvalidRate)?;
        let possible = (Decimal::NEGATIVE_ONE..=Decimal::TEN).contains(&fraction) && fraction.scale() <= 12;
        if possible { Ok(Self(fraction)) } else { Err(InvalidRate) }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_form!(Rate, {"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]{1,12})?$"});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_in_text() {
        assert_eq!("0.0830".parse::<Rate>().map(|rate| rate.to_string()), Ok("0.0830".to_owned()));
        for bad in ["", "8.3%", "10.1", "-1.5", "0.0000000000001", "x"] {
            assert_eq!(bad.parse::<Rate>(), Err(InvalidRate), "{bad}");
        }
    }
}
