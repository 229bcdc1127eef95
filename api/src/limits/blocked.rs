//! Clients that are turned away for a while, because what they sent kept breaking what must never be.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ledger::ClientId;

/// So many strikes block a client.
const STRIKES_MAX: usize = 3;
/// Strikes that lie further apart do not add up.
const STRIKES_WITHIN: Duration = Duration::from_mins(1);
/// How long a client is turned away.
const BLOCKED_FOR: Duration = Duration::from_mins(5);

/// The clients with strikes.
#[derive(Default)]
pub(super) struct Blocked {
    /// How many clients are known here: almost always none, and then nobody waits for the lock.
    known: AtomicUsize,
    clients: Mutex<HashMap<ClientId, Record>>,
}

#[derive(Default)]
struct Record {
    strikes: Vec<Instant>,
    until: Option<Instant>,
}

impl Record {
    fn is_over(&self, now: Instant) -> bool {
        let strikes_count = self.strikes.iter().any(|strike| now - *strike < STRIKES_WITHIN);
        !strikes_count && self.until.is_none_or(|until| until <= now)
    }
}

impl Blocked {
    /// How much longer a client is turned away; `None` when it is not.
    pub(super) fn remaining(&self, client: ClientId, now: Instant) -> Option<Duration> {
        if self.known.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.get(&client)?.until?.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// Counts strikes of a client; whether they block it.
    pub(super) fn strike(&self, client: ClientId, strikes: usize, now: Instant) -> bool {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.retain(|_, record| !record.is_over(now));
        let record = clients.entry(client).or_default();
        record.strikes.retain(|strike| now - *strike < STRIKES_WITHIN);
        record.strikes.extend(std::iter::repeat_n(now, strikes.min(STRIKES_MAX)));
        let blocks = record.strikes.len() >= STRIKES_MAX;
        if blocks {
            record.strikes.clear();
            record.until = Some(now + BLOCKED_FOR);
        }
        self.known.store(clients.len(), Ordering::Relaxed);
        blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_strikes_within_a_minute_block_for_five() {
        let (blocked, client, other) = (Blocked::default(), "a".parse().unwrap(), "b".parse().unwrap());
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(blocked.remaining(client, at(0)), None);
        assert!(!blocked.strike(client, 1, at(0)));
        assert!(!blocked.strike(client, 1, at(59)));
        assert!(!blocked.strike(client, 1, at(61)), "the first is too long ago");
        assert_eq!(blocked.remaining(client, at(61)), None);
        assert!(blocked.strike(client, 1, at(62)));
        assert_eq!(blocked.remaining(client, at(62)), Some(Duration::from_mins(5)));
        assert_eq!(blocked.remaining(other, at(62)), None);
        assert_eq!(blocked.remaining(client, at(62 + 300)), None);
        assert!(!blocked.strike(client, 1, at(363)), "it begins anew");
        assert!(blocked.strike(other, 7, at(364)), "those of one batch count each");
    }
}
