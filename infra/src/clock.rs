//! Where the present comes from: the only place in the system that reads a clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ledger::Instant;
use tokio::sync::Notify;

/// The exchange's source of the present.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// The machine's clock moved forward, for `secondwind run` and tests.
    Simulated(SimulatedClock),
}

/// A clock that runs ahead of the machine's by an amount that can grow.
#[derive(Clone, Debug, Default)]
pub struct SimulatedClock {
    ahead_micros: Arc<AtomicI64>,
    moved: Arc<Notify>,
}

impl Clock {
    /// A simulated clock that starts at the machine's time.
    pub fn simulated() -> Self {
        Self::Simulated(SimulatedClock::default())
    }

    /// The present, to the microsecond.
    pub fn now(&self) -> Instant {
        let system = jiff::Timestamp::now().as_microsecond();
        match self {
            Self::System => Instant::from_micros(system),
            Self::Simulated(simulated) => {
                Instant::from_micros(system.saturating_add(simulated.ahead_micros.load(Ordering::Acquire)))
            }
        }
    }

    /// Whether the clock can be moved.
    pub fn is_simulated(&self) -> bool {
        matches!(self, Self::Simulated(_))
    }

    /// Moves a simulated clock forward to `to`; never back. The system's clock cannot be moved.
    pub fn move_to(&self, to: Instant) {
        if let Self::Simulated(simulated) = self {
            let ahead = to.micros() - jiff::Timestamp::now().as_microsecond();
            simulated.ahead_micros.fetch_max(ahead, Ordering::AcqRel);
            simulated.moved.notify_waiters();
        }
    }

    /// How long until `instant`; nothing when it has come.
    pub fn until(&self, instant: Instant) -> std::time::Duration {
        let micros = instant.micros().saturating_sub(self.now().micros());
        std::time::Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// Waits until a simulated clock is moved; for ever with the system's.
    pub async fn moved(&self) {
        match self {
            Self::System => std::future::pending().await,
            Self::Simulated(simulated) => simulated.moved.notified().await,
        }
    }
}
