//! Values as the wire shows them: decimal strings, RFC 3339 times, windows.

use ledger::Amount;
use matching::{Hour, Price, Window};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::{Problem, ProblemCode};

/// A range of hours, `[start, end)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowBody {
    /// The first hour, RFC 3339 in UTC, on the hour.
    #[schema(value_type = String, format = DateTime, example = "2027-01-01T00:00:00Z")]
    pub start: Hour,
    /// The hour after the last.
    #[schema(value_type = String, format = DateTime, example = "2027-02-01T00:00:00Z")]
    pub end: Hour,
}

impl WindowBody {
    /// The window, if it is one.
    ///
    /// # Errors
    /// A [`Problem`] with the code `window_invalid` when it is empty, reversed or too long.
    pub fn window(self) -> Result<Window, Problem> {
        Window::new(self.start, self.end)
            .map_err(|invalid| Problem::new(ProblemCode::WindowInvalid, format!("{invalid}.")))
    }
}

impl From<Window> for WindowBody {
    fn from(window: Window) -> Self {
        Self { start: window.start(), end: window.end() }
    }
}

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

/// The average price of what cost `total` for `gpu_hours`, to the nearest micro-unit; nothing for nothing.
pub fn average_price(total: Amount, gpu_hours: i128) -> Option<Price> {
    if gpu_hours <= 0 {
        return None;
    }
    let rounded = (total.micros() + gpu_hours / 2) / gpu_hours;
    Price::from_micros(i64::try_from(rounded).ok()?).ok()
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

    #[test]
    fn averages_round_to_the_nearest_micro_unit() {
        let average = |micros, hours| average_price(Amount::from_micros(micros), hours).map(|price| price.to_string());
        assert_eq!(average(1_050_000 * 16, 16), Some("1.0500".into()));
        assert_eq!(average(2_000_000, 3), Some("0.666667".into()));
        assert_eq!(average(0, 0), None);
    }
}
