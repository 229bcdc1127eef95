//! How often requests may write to the log: a few lines a second in all, however many there are.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use infra::config::Rate;

/// Lines of all requests together.
const LINES: Rate = Rate::new(5, 20);

static TURNS: LazyLock<DefaultDirectRateLimiter> =
    LazyLock::new(|| RateLimiter::direct(Quota::per_second(LINES.per_second).allow_burst(LINES.burst)));
static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// Whether a line may be written now, and how many were left out since the last.
pub fn turn() -> Option<u64> {
    if TURNS.check().is_ok() {
        return Some(LEFT_OUT.swap(0, Ordering::Relaxed));
    }
    LEFT_OUT.fetch_add(1, Ordering::Relaxed);
    None
}
