//! Roundings that posting rules choose from. Rounding belongs to the rule that needs it.

use crate::money::Amount;

/// Basis points in one whole.
const BASIS_POINTS: i128 = 10_000;

/// Computes `amount × basis_points / 10 000`, rounded towards zero to the micro-unit.
///
/// For cumulative use: the part of a period is `share_floor(so far) − share_floor(before)`, so that the parts of
/// any partition add up to the share of the whole.
pub fn share_floor(amount: Amount, basis_points: u16) -> Amount {
    Amount::from_micros(amount.micros() * i128::from(basis_points) / BASIS_POINTS)
}

/// Computes `amount × basis_points / 10 000`, rounded away from zero to the micro-unit: what a hold sets aside, so that
/// the sum of the fees taken from it, each rounded by [`share_floor`], never exceeds it.
pub fn share_ceil(amount: Amount, basis_points: u16) -> Amount {
    let exact = amount.micros() * i128::from(basis_points);
    let away = exact.signum() * (BASIS_POINTS - 1);
    Amount::from_micros((exact + away) / BASIS_POINTS)
}

/// Splits `whole` in proportion to the weights: each part is rounded towards zero to the micro-unit, and the
/// micro-units left over go, one each, to the largest remainders, of equal ones to the smallest ids.
///
/// The parts come in the order of the shares and add up to the whole; those of `−whole` are the same with the other
/// sign. `None` when the weights are all zero. `whole` is at most [`Amount::LINE_MAX`] in magnitude; ids are distinct.
pub fn split<I: Ord + Copy>(whole: Amount, shares: &[(I, u64)]) -> Option<Vec<(I, Amount)>> {
    invariant!(whole.abs() <= Amount::LINE_MAX, SplitInRange, "{whole}");
    let total: i128 = shares.iter().map(|(_, weight)| i128::from(*weight)).sum();
    if total == 0 {
        return None;
    }
    let magnitude = whole.abs().micros();
    let exact = |weight: u64| magnitude * i128::from(weight);
    let mut parts: Vec<i128> = shares.iter().map(|(_, weight)| exact(*weight) / total).collect();
    let mut by_remainder: Vec<usize> = (0..shares.len()).collect();
    by_remainder.sort_unstable_by_key(|&at| {
        let (id, weight) = shares[at];
        (std::cmp::Reverse(exact(weight) % total), id)
    });
    // Fewer are left over than there are remainders above zero.
    let left = magnitude - parts.iter().sum::<i128>();
    for at in by_remainder.into_iter().take(crate::invariant::exact(left)) {
        parts[at] += 1;
    }
    let sign = whole.micros().signum();
    Some(shares.iter().zip(parts).map(|((id, _), part)| (*id, Amount::from_micros(sign * part))).collect())
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

    /// A whole with up to eight weights, some of them zero, under ids in any order.
    fn shares() -> impl Strategy<Value = (i128, Vec<(u32, u64)>)> {
        let weights = prop::collection::btree_map(any::<u32>(), prop_oneof![Just(0), 1..9u64, any::<u64>()], 1..8);
        (
            0i128..1_000_000_000_000_000,
            weights.prop_map(|weights| weights.into_iter().collect::<Vec<_>>()).prop_shuffle(),
        )
    }

    proptest! {
        #[test]
        fn the_parts_of_a_split_are_the_whole((micros, shares) in shares()) {
            let whole = Amount::from_micros(micros);
            let total: u128 = shares.iter().map(|(_, weight)| u128::from(*weight)).sum();
            let Some(parts) = split(whole, &shares) else {
                prop_assert_eq!(total, 0);
                return Ok(());
            };
            prop_assert_eq!(parts.iter().map(|(_, part)| *part).sum::<Amount>(), whole);
            for ((id, part), (share, weight)) in parts.iter().zip(&shares) {
                prop_assert_eq!(id, share);
                let exact = u128::try_from(micros).expect("positive") * u128::from(*weight);
                let part = u128::try_from(part.micros()).expect("of the whole's sign");
                prop_assert!(part == exact / total || (part == exact / total + 1 && exact % total > 0), "less than one off");
            }
        }

        #[test]
        fn a_split_is_symmetric_in_sign_and_knows_no_order((micros, mut shares) in shares()) {
            let parts = split(Amount::from_micros(micros), &shares);
            let negated = split(Amount::from_micros(-micros), &shares);
            let turned = |parts: Vec<(u32, Amount)>| parts.into_iter().map(|(id, part)| (id, -part)).collect::<Vec<_>>();
            prop_assert_eq!(negated, parts.clone().map(turned));
            shares.reverse();
            let reversed = split(Amount::from_micros(micros), &shares).map(|mut parts| { parts.reverse(); parts });
            prop_assert_eq!(reversed, parts);
        }

        /// Whatever the hours between two looks, what they come to is the share of the whole.
        #[test]
        fn cumulative_parts_are_the_whole_over_any_partition_in_time(
            parts in prop::collection::vec(-1_000_000_000i128..1_000_000_000, 1..24),
            basis_points in 0u16..=10_000,
        ) {
            let (mut so_far, mut posted) = (Amount::ZERO, Amount::ZERO);
            for part in parts {
                so_far += Amount::from_micros(part);
                let now = share_floor(so_far, basis_points) - posted;
                posted += now;
            }
            prop_assert_eq!(posted, share_floor(so_far, basis_points));
        }
    }

    #[test]
    fn equal_remainders_go_to_the_smallest_ids() {
        let split = |whole: i128, shares: &[(char, u64)]| {
            let parts = split(Amount::from_micros(whole), shares).expect("weights");
            parts.iter().map(|(id, part)| format!("{id}{}", part.micros())).collect::<Vec<_>>().concat()
        };
        assert_eq!(split(10, &[('b', 1), ('a', 1), ('c', 1)]), "b3a4c3");
        assert_eq!(split(-11, &[('b', 1), ('a', 1), ('c', 1)]), "b-4a-4c-3");
        assert_eq!(split(5, &[('a', 0), ('b', 3), ('c', 1)]), "a0b4c1");
    }
}
