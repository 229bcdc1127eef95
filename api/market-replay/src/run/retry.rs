//! Which answers are final, and how long to wait before asking again.

use std::time::Duration;

const FIRST_PAUSE: Duration = Duration::from_millis(25);
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// A `Retry-After` beyond this is cut: the replay measures a server that recovers within seconds.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);
/// Failures of the server for one request, after which the failure counts as its answer. A server that is away refuses
/// the connection and is waited for without this limit.
const SERVER_ERRORS_MAX: u32 = 20;

/// What an HTTP status means to a client with an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The exchange has decided.
    Final,
    /// It was too busy to look at the request, or a first copy of it is still under way.
    Overloaded,
    /// It failed; what became of the request is unknown.
    Failed,
}

/// The standing of an answer after `failures` earlier failures of the server for the same request.
pub(super) fn standing(status: u16, has_retry_after: bool, failures: u32) -> Standing {
    match status {
        503 | 429 => Standing::Overloaded,
        409 if has_retry_after => Standing::Overloaded,
        500..=599 if failures < SERVER_ERRORS_MAX => Standing::Failed,
        _ => Standing::Final,
    }
}

/// Pauses that double.
#[derive(Debug)]
pub(super) struct Backoff(Duration);

impl Backoff {
    pub(super) fn new() -> Self {
        Self(FIRST_PAUSE)
    }

    /// The next pause, at least as long as the server asked for.
    pub(super) fn pause(&mut self, retry_after: Option<Duration>) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(PAUSE_MAX);
        pause.max(retry_after.unwrap_or_default().min(RETRY_AFTER_MAX))
    }
}

/// The seconds of a `Retry-After` header; a date is not used by the exchange and counts as nothing.
pub(super) fn retry_after(header: Option<&str>) -> Option<Duration> {
    header?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_final_and_failures_are_not() {
        let table = [
            (201, false, Standing::Final),
            (401, false, Standing::Final),
            (409, false, Standing::Final),
            (409, true, Standing::Overloaded),
            (422, false, Standing::Final),
            (429, true, Standing::Overloaded),
            (500, false, Standing::Failed),
            (502, false, Standing::Failed),
            (503, false, Standing::Overloaded),
            (503, true, Standing::Overloaded),
        ];
        for (status, retry_after, expected) in table {
            assert_eq!(standing(status, retry_after, 0), expected, "{status}");
        }
        assert_eq!(standing(500, false, SERVER_ERRORS_MAX), Standing::Final);
    }

    #[test]
    fn pauses_double_up_to_a_second_and_respect_the_server() {
        let mut backoff = Backoff::new();
        let pauses: Vec<u128> = (0..8).map(|_| backoff.pause(None).as_millis()).collect();
        assert_eq!(pauses, [25, 50, 100, 200, 400, 800, 1000, 1000]);
        assert_eq!(backoff.pause(retry_after(Some("2"))), Duration::from_secs(2));
        assert_eq!(backoff.pause(retry_after(Some("3600"))), RETRY_AFTER_MAX);
        assert_eq!(retry_after(Some("Fri, 31 Dec 1999 23:59:59 GMT")), None);
    }
}
