//! Amounts of money: integer counts of micro-units (10⁻⁶) of an ISO 4217 currency.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

use crate::invariant::exact;

/// Micro-units in one unit of a currency.
const MICROS_PER_UNIT: i128 = 1_000_000;
/// Digits behind the decimal point that an amount carries.
const SCALE: usize = 6;

/// ISO 4217 alphabetic currency code, such as `USD`. Any three letters `A–Z` are accepted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// United States dollar.
    pub const USD: Self = Self(*b"USD");

    /// Returns the three-letter code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_else(|_| unreachable!("three letters"))
    }

    /// Returns the code's three bytes as a number, distinct for each code.
    pub(crate) const fn number(self) -> u32 {
        u32::from_be_bytes([0, self.0[0], self.0[1], self.0[2]])
    }
}

/// Error: the text is not three upper-case ASCII letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a currency is three upper-case letters (ISO 4217), such as USD")]
pub struct InvalidCurrency;

impl FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.as_bytes() {
            [a, b, c] if text.bytes().all(|byte| byte.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(InvalidCurrency),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

text_form!(Currency, {"type": "string", "pattern": "^[A-Z]{3}$"});

/// Signed amount of money in micro-units of a currency that the context names.
///
/// Text form (also in JSON): a decimal with two to six places, such as `10773.00` or `0.000001`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i128);

impl Amount {
    /// Zero micro-units.
    pub const ZERO: Self = Self(0);
    /// Largest magnitude of one journal line: 10¹⁸ micro-units, 10¹² units of any currency.
    pub const LINE_MAX: Self = Self(1_000_000_000_000_000_000);
    /// Largest magnitude of a balance: 10²¹ micro-units.
    pub const BALANCE_MAX: Self = Self(1_000_000_000_000_000_000_000);

    /// Makes an amount of `micros` micro-units.
    pub const fn from_micros(micros: i128) -> Self {
        Self(micros)
    }

    /// Returns the count of micro-units.
    pub const fn micros(self) -> i128 {
        self.0
    }

    /// Returns the amount without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// Rounds towards zero to whole cents, the smallest amount that a bank moves.
    #[must_use]
    pub const fn whole_cents(self) -> Self {
        Self(self.0 / 10_000 * 10_000)
    }

    /// Returns whether this is exactly zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Returns a decimal with six places, the form of `NUMERIC(38,6)`.
    pub fn to_decimal(self) -> rust_decimal::Decimal {
        rust_decimal::Decimal::from_i128_with_scale(self.0, 6)
    }

    /// Converts a decimal.
    ///
    /// # Errors
    /// [`AmountError`] when it has more than six places or a magnitude beyond [`Amount::BALANCE_MAX`].
    pub fn from_decimal(decimal: rust_decimal::Decimal) -> Result<Self, AmountError> {
        let normal = decimal.normalize();
        let places = normal.scale();
        let missing = 6u32.checked_sub(places).ok_or(AmountError::TooPrecise)?;
        let micros = normal.mantissa().checked_mul(10i128.pow(missing)).ok_or(AmountError::TooLarge)?;
        if micros.abs() > Self::BALANCE_MAX.0 {
            return Err(AmountError::TooLarge);
        }
        Ok(Self(micros))
    }
}

/// Reason why a text or decimal is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not of the form `-?digits[.digits]`.
    #[error("an amount is a decimal string such as \"1250.00\"")]
    Malformed,
    /// More than six decimal places.
    #[error("an amount has at most six decimal places")]
    TooPrecise,
    /// Beyond [`Amount::BALANCE_MAX`].
    #[error("the amount is larger than the books can hold")]
    TooLarge,
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || fraction.is_some_and(|part| !all_digits(part)) {
            return Err(AmountError::Malformed);
        }
        let fraction = fraction.unwrap_or("").trim_end_matches('0');
        if fraction.len() > SCALE {
            return Err(AmountError::TooPrecise);
        }
        let mut micros: i128 = 0;
        let padding = std::iter::repeat_n(b'0', SCALE - fraction.len());
        for digit in whole.bytes().chain(fraction.bytes()).chain(padding) {
            micros = micros * 10 + i128::from(digit - b'0');
            if micros > Self::BALANCE_MAX.0 {
                return Err(AmountError::TooLarge);
            }
        }
        Ok(Self(if negative { -micros } else { micros }))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let unit = MICROS_PER_UNIT.unsigned_abs();
        // Nearly all amounts fit into a word, and words are divided many times faster.
        let (whole, fraction) = match (u64::try_from(magnitude), u64::try_from(unit)) {
            (Ok(magnitude), Ok(unit)) => (u128::from(magnitude / unit), u128::from(magnitude % unit)),
            _ => (magnitude / unit, magnitude % unit),
        };
        let mut fraction: u32 = exact(fraction);
        let mut digits = [0; SCALE];
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + exact::<_, u8>(fraction % 10);
            fraction /= 10;
        }
        let zeros = digits[2..].iter().rev().take_while(|digit| **digit == b'0').count();
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{whole}.")?;
        f.write_str(str::from_utf8(&digits[..SCALE - zeros]).unwrap_or_else(|_| unreachable!("digits")))
    }
}

text_form!(Amount, {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2,6}$"});

impl Add for Amount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Amount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl Neg for Amount {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_form() {
        for (text, micros, canonical) in [
            ("0", 0, "0.00"),
            ("10773.000000", 10_773_000_000, "10773.00"),
            ("-0.000001", -1, "-0.000001"),
            ("1.0500", 1_050_000, "1.05"),
            ("2.1375", 2_137_500, "2.1375"),
        ] {
            let amount: Amount = text.parse().expect(text);
            assert_eq!((amount.micros(), amount.to_string().as_str()), (micros, canonical), "{text}");
        }
    }

    #[test]
    fn refused_text() {
        for (text, error) in [
            ("", AmountError::Malformed),
            ("1.", AmountError::Malformed),
            (".5", AmountError::Malformed),
            ("+1", AmountError::Malformed),
            ("1e3", AmountError::Malformed),
            ("0x10", AmountError::Malformed),
            ("1.0000001", AmountError::TooPrecise),
            ("1000000000000001", AmountError::TooLarge),
            ("99999999999999999999999999999999999999999999", AmountError::TooLarge),
        ] {
            assert_eq!(text.parse::<Amount>(), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_and_decimal_round_trip(micros in -Amount::BALANCE_MAX.0..=Amount::BALANCE_MAX.0) {
            let amount = Amount(micros);
            prop_assert_eq!(amount.to_string().parse::<Amount>(), Ok(amount));
            prop_assert_eq!(Amount::from_decimal(amount.to_decimal()), Ok(amount));
        }
    }
}
