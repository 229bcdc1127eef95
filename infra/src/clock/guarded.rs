//! Guard of the machine's clock, which is believed only as far as its monotonic clock and the log bear it out.
//!
//! Whoever sets the machine's clock, by hand or by a mistake of NTP, would have the exchange deliver, bill and expire
//! what is not due; and none of that can be taken back, because time only moves forward. So a reading that is too far
//! from what the monotonic clock says is not used. Time stops at the last reading that was trusted, nothing falls due,
//! and no command is stamped, until an operator confirms the time.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ledger::Instant;

/// Interval after which the comparison with the monotonic clock begins anew: small steps add up for so long.
const COMPARED_FOR: Duration = Duration::from_hours(24);
/// Largest distance between the time that an operator states and the machine's.
const CONFIRMED_WITHIN: Duration = Duration::from_mins(2);

/// Readings of the machine's two clocks.
pub trait TimeSource: Send + Sync + 'static {
    /// Returns the time of day, which may be set.
    fn wall(&self) -> Instant;
    /// Returns the time since some moment; it only runs.
    fn monotonic(&self) -> Duration;
}

/// Clocks of this machine.
pub struct MachineTime(std::time::Instant);

impl Default for MachineTime {
    fn default() -> Self {
        Self(std::time::Instant::now())
    }
}

impl TimeSource for MachineTime {
    fn wall(&self) -> Instant {
        super::Clock::of_machine()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Bounds within which the machine's clock is believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockBounds {
    /// Largest movement against the monotonic clock within a day; also how far the log's last event may lie ahead of it
    /// at the start.
    pub jump_max: Duration,
    /// Largest time since the log's last event at the start.
    pub gap_max: Duration,
}

impl Default for ClockBounds {
    fn default() -> Self {
        Self { jump_max: Duration::from_hours(1), gap_max: Duration::from_hours(30 * 24) }
    }
}

/// Reason why the clock is not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HoldCause {
    /// The clock moved against the monotonic clock.
    Jumped,
    /// The log's last event lies ahead of the clock.
    BehindLog,
    /// The clock is long after the log's last event.
    FarAheadOfLog,
}

/// State of a held clock: why time stands still, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hold {
    /// Reason why the clock is not believed.
    pub cause: HoldCause,
    /// Instant at which time stands: the last reading that was trusted, or the log's last event.
    pub trusted: Instant,
    /// Reading of the machine's clock that was not believed.
    pub machine: Instant,
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trusted, machine, .. } = self;
        match self.cause {
            HoldCause::Jumped => write!(f, "the machine's clock jumped to {machine} when it was {trusted}"),
            HoldCause::BehindLog => {
                write!(f, "the machine's clock says {machine}, and the log's last event is of {trusted}")
            }
            HoldCause::FarAheadOfLog => {
                write!(f, "the machine's clock says {machine}, long after the log's last event of {trusted}")
            }
        }
    }
}

/// Reason why a time was not confirmed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConfirmError {
    /// The clock is not held.
    #[error("the machine's clock is followed; there is nothing to confirm")]
    NotHeld,
    /// The machine's clock differs from the time stated.
    #[error("the machine's clock says {machine}: set it right, then confirm the time")]
    Differs {
        /// Reading of the machine's clock.
        machine: Instant,
    },
}

/// Machine's clock under guard.
pub struct GuardedClock {
    bounds: ClockBounds,
    source: Box<dyn TimeSource>,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
struct Reading {
    wall: Instant,
    monotonic: Duration,
}

struct State {
    /// Reading that later ones are compared with.
    anchor: Reading,
    last: Instant,
    hold: Option<Hold>,
    /// Whether an operator has confirmed the clock, and time does not go on yet.
    confirmed: bool,
}

impl GuardedClock {
    /// Makes a guard over `source`, which is believed as it is now.
    pub fn new(bounds: ClockBounds, source: impl TimeSource) -> Self {
        let anchor = Reading { wall: source.wall(), monotonic: source.monotonic() };
        let state = Mutex::new(State { anchor, last: anchor.wall, hold: None, confirmed: false });
        Self { bounds, source: Box::new(source), state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Reading {
        Reading { wall: self.source.wall(), monotonic: self.source.monotonic() }
    }

    /// Returns the present; while the clock is held, the last one that was trusted.
    pub fn now(&self) -> Instant {
        let mut state = self.state();
        self.look(&mut state);
        state.hold.map_or(state.last, |hold| hold.trusted)
    }

    /// Returns why time stands still; `None` when it does not.
    pub fn hold(&self) -> Option<Hold> {
        let mut state = self.state();
        self.look(&mut state);
        state.hold
    }

    /// Reads the clocks, and holds time where they contradict each other.
    fn look(&self, state: &mut State) {
        if state.hold.is_some() {
            return;
        }
        let reading = self.read();
        let ran = reading.monotonic.saturating_sub(state.anchor.monotonic);
        let expected = state.anchor.wall.micros().saturating_add(micros(ran));
        if reading.wall.micros().abs_diff(expected) > self.bounds.jump_max.as_micros().try_into().unwrap_or(u64::MAX) {
            let hold = Hold { cause: HoldCause::Jumped, trusted: state.last, machine: reading.wall };
            hold_time(state, hold);
            return;
        }
        state.last = reading.wall;
        if ran >= COMPARED_FOR {
            state.anchor = reading;
        }
    }

    /// Compares the clock with the last event of the log that it is to continue.
    pub fn compare_with_log(&self, last: Instant) {
        let mut state = self.state();
        let machine = self.source.wall();
        let ahead = machine.micros().saturating_sub(last.micros());
        let cause = if ahead > micros(self.bounds.gap_max) {
            HoldCause::FarAheadOfLog
        } else if ahead < -micros(self.bounds.jump_max) {
            HoldCause::BehindLog
        } else {
            return;
        };
        hold_time(&mut state, Hold { cause, trusted: last, machine });
    }

    /// Believes the machine's clock from now on, because an operator states that it is `now`.
    ///
    /// # Errors
    /// [`ConfirmError`] when the clock is not held, or differs from `now` by more than two minutes.
    pub fn confirm(&self, now: Instant) -> Result<(), ConfirmError> {
        let mut state = self.state();
        self.look(&mut state);
        if state.hold.is_none() {
            return Err(ConfirmError::NotHeld);
        }
        let machine = self.source.wall();
        if i64::try_from(machine.micros().abs_diff(now.micros())).is_ok_and(|apart| apart <= micros(CONFIRMED_WITHIN)) {
            state.anchor = self.read();
            state.confirmed = true;
            Ok(())
        } else {
            Err(ConfirmError::Differs { machine })
        }
    }

    /// Lets time go on when an operator has confirmed the clock. Returns whether it does so with this call.
    pub fn resume(&self) -> bool {
        let mut state = self.state();
        if !std::mem::take(&mut state.confirmed) {
            return false;
        }
        state.hold = None;
        state.last = state.anchor.wall;
        self.look(&mut state);
        tracing::info!(now = %state.last, "an operator has confirmed the machine's clock: time goes on");
        state.hold.is_none()
    }
}

fn hold_time(state: &mut State, hold: Hold) {
    tracing::error!(%hold, "time stands still until an operator confirms the machine's clock");
    state.hold = Some(hold);
    state.confirmed = false;
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl fmt::Debug for GuardedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedClock")
            .field("bounds", &self.bounds)
            .field("hold", &self.state().hold)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    const HOUR: i64 = 3_600_000_000;

    /// Clocks that are set by hand: how far they have run, and how far the wall clock was set besides.
    #[derive(Clone, Default)]
    struct Hands(Arc<[AtomicI64; 2]>);

    impl Hands {
        fn run(&self, micros: i64) {
            self.0[0].fetch_add(micros, Ordering::Relaxed);
        }

        fn set_by(&self, micros: i64) {
            self.0[1].fetch_add(micros, Ordering::Relaxed);
        }
    }

    impl TimeSource for Hands {
        fn wall(&self) -> Instant {
            Instant::from_micros(1_000 * HOUR + self.0[0].load(Ordering::Relaxed) + self.0[1].load(Ordering::Relaxed))
        }

        fn monotonic(&self) -> Duration {
            Duration::from_micros(self.0[0].load(Ordering::Relaxed).unsigned_abs())
        }
    }

    fn clock() -> (Hands, GuardedClock) {
        let hands = Hands::default();
        (hands.clone(), GuardedClock::new(ClockBounds::default(), hands))
    }

    #[test]
    fn small_steps_are_followed_and_a_jump_is_not() {
        let (hands, clock) = clock();
        hands.run(5 * HOUR);
        hands.set_by(HOUR / 2);
        assert_eq!(clock.now(), hands.wall());
        let trusted = clock.now();
        hands.run(1_000_000);
        hands.set_by(HOUR);
        for _ in 0..3 {
            assert_eq!(clock.now(), trusted, "time stands still");
            hands.run(HOUR);
        }
        assert_eq!(clock.hold().unwrap().cause, HoldCause::Jumped);
        // That the clock is right again is for an operator to say.
        hands.set_by(-HOUR);
        assert_eq!(clock.now(), trusted);
        let wrong = Instant::from_micros(hands.wall().micros() - HOUR);
        assert_eq!(clock.confirm(wrong), Err(ConfirmError::Differs { machine: hands.wall() }));
        clock.confirm(hands.wall()).unwrap();
        assert_eq!(clock.now(), trusted, "not before whoever stamps commands knows");
        assert!(clock.resume());
        assert!(!clock.resume());
        assert_eq!((clock.now(), clock.hold()), (hands.wall(), None));
        assert_eq!(clock.confirm(hands.wall()), Err(ConfirmError::NotHeld));
    }

    #[test]
    fn steps_add_up_for_a_day() {
        let (hands, clock) = clock();
        for _ in 0..3 {
            hands.run(25 * HOUR);
            hands.set_by(-HOUR / 2);
            assert_eq!(clock.now(), hands.wall());
        }
        for _ in 0..3 {
            hands.run(HOUR);
            hands.set_by(-HOUR / 2);
            clock.now();
        }
        assert_eq!(clock.hold().unwrap().cause, HoldCause::Jumped);
    }

    #[test]
    fn the_log_says_what_a_first_reading_may_be() {
        for (from_log, cause) in
            [(0, None), (-2 * HOUR, Some(HoldCause::BehindLog)), (721 * HOUR, Some(HoldCause::FarAheadOfLog))]
        {
            let (hands, clock) = clock();
            let last = Instant::from_micros(hands.wall().micros() - from_log);
            clock.compare_with_log(last);
            assert_eq!(clock.hold().map(|hold| hold.cause), cause);
            assert_eq!(clock.now(), if cause.is_some() { last } else { hands.wall() });
        }
    }
}
