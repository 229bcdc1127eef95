//! How long acknowledgements took, from the instant at which the order was due. Waiting to be sent counts: a client
//! that wanted to trade then has waited that long (no coordinated omission).

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Longest latency told apart, in microseconds: one hour. What is longer counts as that.
const LATENCY_MICROS_MAX: u64 = 3_600_000_000;
/// Three significant digits: a value is off by 0.1 % at most.
const SIGNIFICANT_DIGITS: u8 = 3;

/// Latencies as they come in.
#[derive(Debug)]
pub(super) struct Latencies(Histogram<u64>);

/// What is told of them, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LatencySummary {
    /// Median.
    pub p50_micros: u64,
    /// 99 of 100 are at most this.
    pub p99_micros: u64,
    /// 999 of 1,000 are at most this.
    pub p99_9_micros: u64,
    /// The longest.
    pub max_micros: u64,
}

impl Latencies {
    pub(super) fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, LATENCY_MICROS_MAX, SIGNIFICANT_DIGITS);
        Self(histogram.expect("the bounds and the precision are within what the histogram takes"))
    }

    pub(super) fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(LATENCY_MICROS_MAX));
    }

    pub(super) fn summary(&self) -> LatencySummary {
        LatencySummary {
            p50_micros: self.0.value_at_quantile(0.5),
            p99_micros: self.0.value_at_quantile(0.99),
            p99_9_micros: self.0.value_at_quantile(0.999),
            max_micros: self.0.max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_what_was_recorded() {
        let mut latencies = Latencies::new();
        (1..=1000).for_each(|millis| latencies.record(Duration::from_millis(millis)));
        let summary = latencies.summary();
        let near = |micros: u64, millis: u64| micros.abs_diff(millis * 1000) <= millis * 2;
        assert!(near(summary.p50_micros, 500), "{summary:?}");
        assert!(near(summary.p99_micros, 990), "{summary:?}");
        assert!(near(summary.p99_9_micros, 999), "{summary:?}");
        assert!(near(summary.max_micros, 1000), "{summary:?}");
    }

    #[test]
    fn nothing_and_too_much_are_told_as_well() {
        assert_eq!(Latencies::new().summary().max_micros, 0);
        let mut latencies = Latencies::new();
        latencies.record(Duration::from_secs(100_000));
        assert!(latencies.summary().max_micros >= LATENCY_MICROS_MAX);
    }
}
