//! What a projection comes to: returns and coverage.

use rust_decimal::{Decimal, MathematicalOps as _};

use crate::money::Amount;

/// How often the interval of a rate is halved: to less than 10⁻¹² of a period's rate.
const HALVINGS: u32 = 44;

/// The internal rate of return of evenly spaced flows, for one period and as a fraction, between −90 % and 1,000 %. Nothing when there is
/// none, which is so unless something is paid and something comes back.
pub fn internal_rate_of_return(flows: &[Amount]) -> Option<Decimal> {
    let is_positive = |rate: Decimal| Some(value(flows, rate)? > Decimal::ZERO);
    let (mut low, mut high) = (Decimal::new(-9, 1), Decimal::TEN);
    if !is_positive(low)? || is_positive(high)? {
        return None;
    }
    for _ in 0..HALVINGS {
        let middle = (low + high) / Decimal::TWO;
        *(if is_positive(middle)? { &mut low } else { &mut high }) = middle;
    }
    Some(low)
}

/// What flows are worth at a rate: at their beginning where the rate is positive, else at their end, so that powers stay small. The sign is
/// the same.
fn value(flows: &[Amount], rate: Decimal) -> Option<Decimal> {
    let growth = Decimal::ONE + rate;
    if rate > Decimal::ZERO {
        let discount = Decimal::ONE.checked_div(growth)?;
        flows
            .iter()
            .rev()
            .try_fold(Decimal::ZERO, |sum, flow| sum.checked_mul(discount)?.checked_add(flow.to_decimal()))
    } else {
        flows.iter().try_fold(Decimal::ZERO, |sum, flow| sum.checked_mul(growth)?.checked_add(flow.to_decimal()))
    }
}

/// The rate of a year whose periods have a rate each, compounded.
pub fn compounded(rate: Decimal, periods: u16) -> Option<Decimal> {
    Some((Decimal::ONE + rate).checked_powu(periods.into())? - Decimal::ONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flows(amounts: &[i64]) -> Vec<Amount> {
        amounts.iter().map(|amount| Amount::from_micros(i128::from(*amount) * 1_000_000)).collect()
    }

    #[track_caller]
    fn check(amounts: &[i64], expected: Option<&str>) {
        let rate = internal_rate_of_return(&flows(amounts)).map(|rate| rate.round_dp(9).normalize().to_string());
        assert_eq!(rate.as_deref(), expected);
    }

    #[test]
    fn the_rate_at_which_flows_are_worth_nothing() {
        check(&[-100, 110], Some("0.1"));
        check(&[-100, 0, 121], Some("0.1"));
        check(&[-100, 50], Some("-0.5"));
        // 60 payments of 1 for 40: the rate of an annuity, checked against its formula.
        let mut annuity = vec![-40];
        annuity.extend([1; 60]);
        check(&annuity, Some("0.014394781"));
        check(&[100, 10], None);
        check(&[-100], None);
        check(&[-100, 1], None);
        check(&[], None);
    }

    #[test]
    fn a_year_of_months() {
        let month = "0.01".parse().expect("a number");
        assert_eq!(compounded(month, 12).map(|year| year.round_dp(6).to_string()).as_deref(), Some("0.126825"));
    }
}
