//! Shares as decimal strings.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A share from 0 to 1, exact to the basis point. In JSON a decimal string, such as `0.92`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Share {
    /// The share in basis points, at most 10 000.
    pub basis_points: u16,
}

impl TryFrom<String> for Share {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let invalid = || format!("{text:?} is not a decimal from 0 to 1 with at most four decimals");
        let share: Decimal = text.parse().map_err(|_| invalid())?;
        let basis_points = share * Decimal::from(10_000);
        let whole = basis_points.fract().is_zero() && (Decimal::ZERO..=Decimal::ONE).contains(&share);
        let basis_points = u16::try_from(basis_points).ok().filter(|_| whole).ok_or_else(invalid)?;
        Ok(Self { basis_points })
    }
}

impl From<Share> for String {
    fn from(share: Share) -> Self {
        Decimal::new(i64::from(share.basis_points), 4).normalize().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_in_text() {
        for text in ["0", "0.92", "0.0001", "1"] {
            assert_eq!(Share::try_from(text.to_owned()).map(String::from), Ok(text.to_owned()));
        }
        for bad in ["", "1.0001", "-0.1", "0.00001", "92%"] {
            assert!(Share::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
