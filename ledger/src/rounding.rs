//! Rounding belongs to the rule that needs it; these are the roundings the rules choose from.

use crate::Amount;

/// Basis points in one whole.
const BASIS_POINTS: i128 = 10_000;

/// `amount × basis_points / 10 000`, rounded towards zero to the micro-unit.
///
/// For cumulative use: the part of a period is `share_floor(so far) − share_floor(before)`, so that the parts of
/// any partition add up to the share of the whole.
pub fn share_floor(amount: Amount, basis_points: u16) -> Amount {
    Amount::from_micros(amount.micros() * i128::from(basis_points) / BASIS_POINTS)
}

/// `amount × basis_points / 10 000`, rounded away from zero to the micro-unit: what a hold sets aside, so that
/// the sum of the fees taken from it, each rounded by [`share_floor`], never exceeds it.
pub fn share_ceil(amount: Amount, basis_points: u16) -> Amount {
    let exact = amount.micros() * i128::from(basis_points);
    let away = exact.signum() * (BASIS_POINTS - 1);
    Amount::from_micros((exact + away) / BASIS_POINTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A hold covers the fees of any split of its amount, in any order.
        #[test]
        fn ceil_of_the_whole_covers_floors_of_parts(
            parts in prop::collection::vec(0i128..1_000_000_000, 1..8),
            basis_points in 0u16..=10_000,
        ) {
            let mut left: Amount = parts.iter().map(|part| Amount::from_micros(*part)).sum();
            for part in parts {
                let part = Amount::from_micros(part);
                let freed = share_ceil(left, basis_points) - share_ceil(left - part, basis_points);
                prop_assert!(freed >= share_floor(part, basis_points));
                left -= part;
            }
        }

        #[test]
        fn symmetric_in_sign(micros in 0i128..1_000_000_000_000, basis_points in 0u16..=10_000) {
            let amount = Amount::from_micros(micros);
            prop_assert_eq!(share_floor(-amount, basis_points), -share_floor(amount, basis_points));
            prop_assert_eq!(share_ceil(-amount, basis_points), -share_ceil(amount, basis_points));
        }
    }
}
