//! When each order is due. An open-loop generator offers at its rate whether or not the exchange keeps up; a slow
//! answer then shows as latency instead of as a lower load.

use std::time::Duration;

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// Evenly spaced due times.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    /// Orders per second, at least one.
    rate: u32,
}

impl Schedule {
    pub(super) fn new(rate: u32) -> Self {
        Self { rate: rate.max(1) }
    }

    /// When order `index` is due, from the start; exact to the nanosecond, so that nothing adds up over a long run.
    pub(super) fn due(self, index: usize) -> Duration {
        let nanos = index as u128 * NANOS_PER_SECOND / u128::from(self.rate);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_spaced_evenly_without_drift() {
        let schedule = Schedule::new(3);
        assert_eq!(schedule.due(0), Duration::ZERO);
        assert_eq!(schedule.due(1), Duration::from_nanos(333_333_333));
        assert_eq!(schedule.due(3), Duration::from_secs(1));
        assert_eq!(schedule.due(3_000_000), Duration::from_secs(1_000_000));
    }
}
