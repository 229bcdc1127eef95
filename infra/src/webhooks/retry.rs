//! Retries of a delivery that failed.

use std::time::Duration;

use aws_lc_rs::rand;

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
/// Pauses after the first, second, … attempt, as the Standard Webhooks specification proposes, in seconds.
const PAUSES: [u64; 9] =
    [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/// Largest deviation of a pause from its nominal length, in percent, so that what failed together is not tried again
/// together.
const JITTER_PERCENT: u32 = 20;

/// Pauses between the attempts of a delivery.
#[derive(Clone, Debug)]
pub struct RetrySchedule(Vec<Duration>);

impl Default for RetrySchedule {
    fn default() -> Self {
        Self(PAUSES.map(Duration::from_secs).to_vec())
    }
}

impl RetrySchedule {
    /// Makes a schedule with these pauses after the first, second, … attempt.
    pub fn new(pauses: Vec<Duration>) -> Self {
        Self(pauses)
    }

    /// Returns the pause after `attempts` failed attempts; `None` when there shall be no other.
    pub(super) fn pause_after(&self, attempts: u32) -> Option<Duration> {
        let last = usize::try_from(attempts.checked_sub(1)?).ok()?;
        self.0.get(last).map(|pause| jittered(*pause, random_byte()))
    }
}

/// Lengthens or shortens a pause by up to [`JITTER_PERCENT`]: `random` decides.
fn jittered(pause: Duration, random: u8) -> Duration {
    let percent = 100 - JITTER_PERCENT + 2 * JITTER_PERCENT * u32::from(random) / u32::from(u8::MAX);
    pause * percent / 100
}

/// Returns a random byte; without randomness retries are merely not spread.
fn random_byte() -> u8 {
    let mut byte = [u8::MAX / 2];
    let _ = rand::fill(&mut byte);
    byte[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_over_three_days() {
        let schedule = RetrySchedule::default();
        assert_eq!(schedule.pause_after(0), None, "the first attempt is not waited for");
        let first = schedule.pause_after(1).unwrap();
        assert!((Duration::from_secs(4)..=Duration::from_secs(6)).contains(&first), "{first:?}");
        assert!(schedule.pause_after(9).unwrap() >= Duration::from_hours(19));
        assert_eq!(schedule.pause_after(10), None);
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        let pause = Duration::from_secs(100);
        assert_eq!(jittered(pause, 0), Duration::from_secs(80));
        assert_eq!(jittered(pause, u8::MAX), Duration::from_mins(2));
    }
}
