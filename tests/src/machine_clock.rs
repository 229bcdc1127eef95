//! A machine whose clock can be set.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use infra::{Clock, ClockBounds, GuardedClock, TimeSource};
use ledger::Instant;

/// A machine's clocks: both run, and the wall clock can be set.
#[derive(Clone)]
pub struct MachineClock {
    started: std::time::Instant,
    start: i64,
    set_by: Arc<AtomicI64>,
}

impl MachineClock {
    /// Clocks that show `start` now.
    pub fn at(start: &str) -> Self {
        let start: Instant = start.parse().expect("an instant");
        Self { started: std::time::Instant::now(), start: start.micros(), set_by: Arc::default() }
    }

    /// Sets the wall clock forward by so many microseconds, or back where they are negative.
    pub fn set_by(&self, micros: i64) {
        self.set_by.fetch_add(micros, Ordering::Relaxed);
    }

    /// The exchange's clock that follows these.
    pub fn clock(&self) -> Clock {
        Clock::System(Arc::new(GuardedClock::new(ClockBounds::default(), self.clone())))
    }
}

impl TimeSource for MachineClock {
    fn wall(&self) -> Instant {
        let ran = i64::try_from(self.monotonic().as_micros()).expect("a test's life");
        Instant::from_micros(self.start + ran + self.set_by.load(Ordering::Relaxed))
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}
