//! Average prices as answers show them.

use ledger::Amount;
use matching::Price;

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
    fn averages_round_to_the_nearest_micro_unit() {
        let average = |micros, hours| average_price(Amount::from_micros(micros), hours).map(|price| price.to_string());
        assert_eq!(average(1_050_000 * 16, 16), Some("1.0500".into()));
        assert_eq!(average(2_000_000, 3), Some("0.666667".into()));
        assert_eq!(average(0, 0), None);
    }
}
