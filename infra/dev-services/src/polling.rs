//! Waiting for a condition with a deadline.

use std::thread;
use std::time::{Duration, Instant};

/// Calls `probe` until it returns a value, at least once, pausing `every`
/// between calls; `None` when `within` has passed.
///
/// Polling, because the conditions waited for (another process listens, a file
/// vanishes, a broker answers) have no notification this process could await.
pub(crate) fn poll_until<T>(within: Duration, every: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + within;
    loop {
        if let Some(value) = probe() {
            return Some(value);
        }
        if Instant::now() >= deadline {
            return None;
        }
        thread::sleep(every);
    }
}
