//! Waiting for what must come true.

use std::time::{Duration, Instant};

/// How long anything may take before a test gives up: far longer than it does on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// The pause between looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Waits until `look` finds something; fails the test when that takes too long. `what` says what is waited for.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "it did not happen in time: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
