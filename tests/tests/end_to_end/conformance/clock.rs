//! What a clock has to keep.

use futures::FutureExt as _;
use infra::{Clock, ClockBounds};
use ledger::Instant;

const HOUR_MICROS: i64 = 3_600_000_000;

/// A clock of each kind.
fn clocks() -> [Clock; 2] {
    [Clock::simulated(), Clock::system(ClockBounds::default())]
}

fn later(instant: Instant, micros: i64) -> Instant {
    Instant::nearest_to(instant.micros() + micros)
}

#[test]
fn time_never_goes_back() {
    for clock in clocks() {
        let mut before = clock.now();
        for _ in 0..1_000 {
            let now = clock.now();
            assert!(now >= before, "{clock:?} went back from {before} to {now}");
            before = now;
        }
        // A log that ended earlier says nothing of the present.
        clock.go_on_from(later(before, -HOUR_MICROS));
        assert!(clock.now() >= before, "{clock:?} went back to the log's end");
        assert!(clock.hold().is_none(), "{clock:?} is in step with the log");
    }
}

#[test]
fn what_is_past_is_not_waited_for() {
    for clock in clocks() {
        let now = clock.now();
        assert!(clock.until(later(now, -1)).is_zero());
        let left = clock.until(later(now, HOUR_MICROS));
        assert!(left.as_secs() > 3_500 && left.as_secs() <= 3_600, "{clock:?}: {left:?}");
    }
}

#[test]
fn a_log_that_ends_in_the_future_is_gone_on_from_or_stops_time() {
    let end = later(Clock::of_machine(), 2 * HOUR_MICROS);
    let [simulated, system] = clocks();
    simulated.go_on_from(end);
    assert!(simulated.now() >= end && simulated.hold().is_none(), "a simulated clock moves there");
    system.go_on_from(end);
    assert!(system.hold().is_some(), "the machine's is not trusted before somebody confirms it");
}

#[test]
fn only_a_simulated_clock_moves_and_only_forward() {
    let [simulated, system] = clocks();
    let to = later(simulated.now(), HOUR_MICROS);
    let moved = simulated.moved();
    let mut moved = std::pin::pin!(moved);
    assert!((&mut moved).now_or_never().is_none(), "nobody has moved it yet");
    for clock in [&simulated, &system] {
        clock.move_to(to);
        clock.move_to(later(to, -HOUR_MICROS));
    }
    assert!(moved.now_or_never().is_some(), "who waits for a move is woken");
    assert!(simulated.now() >= to, "it stays where it was moved");
    assert!(system.now() < to, "the machine's clock is not ours to move");
}
