//! Clock of the exchange: the only place in the system that reads a clock.

mod guarded;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ledger::Instant;
use tokio::sync::Notify;

pub use guarded::{ClockBounds, ConfirmError, GuardedClock, Hold, HoldCause, MachineTime, TimeSource};

/// Source of the present for the exchange.
#[derive(Clone, Debug)]
pub enum Clock {
    /// Machine's clock, which is not followed where it jumps.
    System(Arc<GuardedClock>),
    /// Machine's clock moved forward, for `secondwind run` and tests.
    Simulated(SimulatedClock),
}

/// Clock that runs ahead of the machine's by an amount that can grow.
#[derive(Clone, Debug, Default)]
pub struct SimulatedClock {
    ahead_micros: Arc<AtomicI64>,
    moved: Arc<Notify>,
}

impl Clock {
    /// Makes the machine's clock, guarded by `bounds`.
    pub fn system(bounds: ClockBounds) -> Self {
        Self::System(Arc::new(GuardedClock::new(bounds, MachineTime::default())))
    }

    /// Makes a simulated clock that starts at the machine's time.
    pub fn simulated() -> Self {
        Self::Simulated(SimulatedClock::default())
    }

    /// Reads the machine's clock, for what is not the exchange's.
    pub fn of_machine() -> Instant {
        Instant::nearest_to(jiff::Timestamp::now().as_microsecond())
    }

    /// Returns the present, to the microsecond. While the clock is [held](Clock::hold), the last one that was trusted.
    pub fn now(&self) -> Instant {
        match self {
            Self::System(guarded) => guarded.now(),
            Self::Simulated(simulated) => {
                let ahead = simulated.ahead_micros.load(Ordering::Acquire);
                Instant::nearest_to(Self::of_machine().micros().saturating_add(ahead))
            }
        }
    }

    /// Returns why time stands still until an operator confirms the machine's clock; `None` when it does not.
    pub fn hold(&self) -> Option<Hold> {
        match self {
            Self::System(guarded) => guarded.hold(),
            Self::Simulated(_) => None,
        }
    }

    /// Returns whether an operator has just confirmed the machine's clock. Time goes on from this call.
    pub fn resume(&self) -> bool {
        match self {
            Self::System(guarded) => guarded.resume(),
            Self::Simulated(_) => false,
        }
    }

    /// Returns whether the clock can be moved.
    pub fn is_simulated(&self) -> bool {
        matches!(self, Self::Simulated(_))
    }

    /// Goes on from the last event of a log. A simulated clock moves there; the system's is held where it contradicts
    /// it.
    pub fn go_on_from(&self, last: Instant) {
        match self {
            Self::System(guarded) => guarded.compare_with_log(last),
            Self::Simulated(_) => self.move_to(last),
        }
    }

    /// Moves a simulated clock forward to `to`; never back. The system's clock cannot be moved.
    pub fn move_to(&self, to: Instant) {
        if let Self::Simulated(simulated) = self {
            let ahead = to.micros() - Self::of_machine().micros();
            simulated.ahead_micros.fetch_max(ahead, Ordering::AcqRel);
            simulated.moved.notify_waiters();
        }
    }

    /// Returns the time until `instant`; zero when it has come.
    pub fn until(&self, instant: Instant) -> std::time::Duration {
        let micros = instant.micros().saturating_sub(self.now().micros());
        std::time::Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// Waits until a simulated clock is moved; for ever with the system's.
    pub async fn moved(&self) {
        match self {
            Self::System(_) => std::future::pending().await,
            Self::Simulated(simulated) => simulated.moved.notified().await,
        }
    }
}
