//! What a provider's quotes of one week come to.
//!
//! **Prices.** A provider's price for a class in a region and week is the lower median of the medians it quoted in
//! that week, so it is a price that was really quoted.
//!
//! **Capacity.** One day's capacity is the largest `n_offers × gpu_count` of the day's rows: the same machines are
//! quoted whole and in parts, so adding the rows up would count them twice. The week's capacity is the lower median
//! of its days, rounded up to whole nodes, one node at least.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};

use super::classes::ClassSpec;

/// Decimal places of the replay's price tick, 0.0001 USD.
const PRICE_PLACES: u32 = 4;

/// A price on the tick, at least one tick.
pub(super) fn on_tick(price: Decimal) -> Decimal {
    let rounded = price.round_dp_with_strategy(PRICE_PLACES, RoundingStrategy::MidpointNearestEven);
    rounded.max(Decimal::new(1, PRICE_PLACES))
}

/// The rows of one provider, region and class in one week: price, and GPUs per day.
#[derive(Debug, Default)]
pub(super) struct WeekQuotes {
    prices: Vec<Decimal>,
    gpus_by_day: BTreeMap<u32, u64>,
}

impl WeekQuotes {
    /// Adds one row: its price and its GPUs (offers times GPUs per offer) on that day.
    pub(super) fn add(&mut self, day: u32, gpus: u64, price: Decimal) {
        self.prices.push(price);
        let most = self.gpus_by_day.entry(day).or_default();
        *most = gpus.max(*most);
    }

    /// The week's price, on the tick; nothing for a week without rows.
    pub(super) fn price(&self) -> Option<Decimal> {
        lower_median(self.prices.iter().copied()).map(on_tick)
    }

    /// The week's capacity in GPUs: whole nodes of the class, one at least.
    pub(super) fn capacity(&self, class: &ClassSpec) -> u32 {
        let gpus = lower_median(self.gpus_by_day.values().copied()).unwrap_or(0);
        let node = u64::from(class.gpus_per_node);
        let whole_nodes = gpus.div_ceil(node).max(1) * node;
        u32::try_from(whole_nodes).unwrap_or(class.gpus_per_node)
    }
}

/// The middle value, the lower of the two where their number is even; nothing of nothing.
pub(super) fn lower_median<T: Ord>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut sorted: Vec<T> = values.collect();
    sorted.sort_unstable();
    let middle = sorted.len().checked_sub(1)? / 2;
    sorted.into_iter().nth(middle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn the_lower_of_two_middle_values_is_taken() {
        assert_eq!(lower_median([3, 1, 2].into_iter()), Some(2));
        assert_eq!(lower_median([4, 3, 1, 2].into_iter()), Some(2));
        assert_eq!(lower_median(std::iter::empty::<u32>()), None);
    }

    #[test]
    fn prices_stay_on_the_tick() {
        assert_eq!(on_tick(dollars("0.12345")), dollars("0.1234"));
        assert_eq!(on_tick(dollars("0.00001")), dollars("0.0001"));
    }
}
