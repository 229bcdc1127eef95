//! Rates as the generic cell rate algorithm counts them (GCRA): so many at once, and so many a second in the long run.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::{StateInformationMiddleware, StateSnapshot};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, InsufficientCapacity, NotUntil, Quota, RateLimiter};
use infra::config::{Rate, Rates};

use crate::operations::Budget;

/// How many requests pass before those are forgotten who have not asked for anything of late.
const SWEEP_EVERY: u32 = 4_096;

/// What is left to one of those that a request is counted for.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    /// Who: `address`, `client` or `organization`.
    pub level: &'static str,
    /// The rate.
    pub rate: Rate,
    /// How many more may come at once.
    pub remaining: u32,
}

/// Nothing is left to one of those that a request is counted for.
#[derive(Clone, Copy, Debug)]
pub struct Exhausted {
    /// Who: `address`, `client` or `organization`.
    pub level: &'static str,
    /// The rate.
    pub rate: Rate,
    /// When as many may come again; `None` when they are more than may ever come at once.
    pub wait: Option<Duration>,
}

type Checked =
    Result<Result<StateSnapshot, NotUntil<<DefaultClock as governor::clock::Clock>::Instant>>, InsufficientCapacity>;

fn told(level: &'static str, rate: Rate, clock: &DefaultClock, checked: Checked) -> Result<Left, Exhausted> {
    match checked {
        Ok(Ok(state)) => Ok(Left { level, rate, remaining: state.remaining_burst_capacity() }),
        Ok(Err(not_until)) => Err(Exhausted { level, rate, wait: Some(not_until.wait_time_from(clock.now())) }),
        Err(InsufficientCapacity(_)) => Err(Exhausted { level, rate, wait: None }),
    }
}

fn quota(rate: Rate) -> Quota {
    Quota::per_second(rate.per_second).allow_burst(rate.burst)
}

/// The rates of all that are counted alike: of every address, client or organization.
pub(super) struct Level<K: Hash + Eq + Clone> {
    name: &'static str,
    budgets: [(Rate, DefaultKeyedRateLimiter<K, StateInformationMiddleware>); 5],
    since_sweep: AtomicU32,
}

impl<K: Hash + Eq + Clone> Level<K> {
    pub(super) fn new(name: &'static str, rates: &Rates) -> Self {
        let Rates { instructions, cancels, reads, computing, tokens } = *rates;
        // In the order of `Budget`.
        let budgets = [instructions, cancels, reads, computing, tokens]
            .map(|rate| (rate, RateLimiter::keyed(quota(rate)).with_middleware::<StateInformationMiddleware>()));
        Self { name, budgets, since_sweep: AtomicU32::new(0) }
    }

    /// Counts `n` requests of `key`; those that are unlimited count for nothing.
    pub(super) fn spend(&self, key: &K, budget: Budget, n: NonZeroU32) -> Result<Option<Left>, Exhausted> {
        let Some((rate, limiter)) = self.budgets.get(budget as usize) else { return Ok(None) };
        // What is kept stays as small as those are few who have asked of late: nobody fills it by asking from everywhere.
        if self.since_sweep.fetch_add(1, Ordering::Relaxed) >= SWEEP_EVERY {
            self.since_sweep.store(0, Ordering::Relaxed);
            for (_, limiter) in &self.budgets {
                limiter.retain_recent();
            }
        }
        told(self.name, *rate, limiter.clock(), limiter.check_key_n(key, n)).map(Some)
    }

    /// How many are kept.
    #[cfg(test)]
    fn kept(&self) -> usize {
        self.budgets.iter().map(|(_, limiter)| limiter.len()).sum()
    }
}

/// One rate that is counted alone.
pub(super) struct Single {
    rate: Rate,
    limiter: DefaultDirectRateLimiter<StateInformationMiddleware>,
}

impl Single {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, limiter: RateLimiter::direct(quota(rate)).with_middleware::<StateInformationMiddleware>() }
    }

    pub(super) fn spend(&self, level: &'static str, n: NonZeroU32) -> Result<Left, Exhausted> {
        told(level, self.rate, self.limiter.clock(), self.limiter.check_n(n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(rate: Rate) -> Rates {
        Rates { instructions: rate, cancels: rate, reads: rate, computing: rate, tokens: rate }
    }

    #[test]
    fn budgets_are_apart_and_what_is_left_is_told() {
        let level = Level::new("client", &rates(Rate::new(1, 3)));
        let spend = |budget, n| level.spend(&"a", budget, NonZeroU32::new(n).unwrap());
        assert_eq!(spend(Budget::Reads, 2).unwrap().unwrap().remaining, 1);
        assert_eq!(spend(Budget::Reads, 1).unwrap().unwrap().remaining, 0);
        assert!(spend(Budget::Reads, 1).unwrap_err().wait.unwrap() <= Duration::from_secs(1));
        assert_eq!(spend(Budget::Cancels, 1).unwrap().unwrap().remaining, 2);
        assert_eq!(spend(Budget::Cancels, 4).unwrap_err().wait, None, "never as many at once");
        assert!(spend(Budget::Unlimited, 1).unwrap().is_none());
    }

    #[test]
    fn those_who_ask_from_everywhere_are_forgotten() {
        let level = Level::new("address", &rates(Rate::new(1_000_000, 1)));
        for address in 0..100_000_u32 {
            level.spend(&address, Budget::Reads, NonZeroU32::MIN).unwrap();
        }
        assert!(level.kept() <= 2 * SWEEP_EVERY as usize, "{} are kept", level.kept());
    }
}
