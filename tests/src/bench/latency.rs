//! How long things took, as quantiles.

use std::time::Duration;

use hdrhistogram::Histogram;

/// What is longer than this counts as this.
const NANOS_MAX: u64 = 60_000_000_000;

/// Durations as they come in, to three digits.
pub(super) struct Latencies(Histogram<u64>);

impl Latencies {
    pub fn new() -> Self {
        Self(Histogram::new_with_bounds(1, NANOS_MAX, 3).expect("the bounds are within what the histogram takes"))
    }

    pub fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(NANOS_MAX));
    }

    /// Adds those of another measurement.
    pub fn add(&mut self, other: &Self) {
        // Both have the same bounds.
        let _ = self.0.add(&other.0);
    }

    /// p50, p99 and p99.9.
    pub fn quantiles(&self) -> [Duration; 3] {
        [0.5, 0.99, 0.999].map(|quantile| Duration::from_nanos(self.0.value_at_quantile(quantile)))
    }
}

impl Default for Latencies {
    fn default() -> Self {
        Self::new()
    }
}
