//! Idempotency keys of the last day, in memory.

use std::collections::VecDeque;
use std::sync::Arc;

use ledger::{Instant, Map};
use matching::Refusal;

use super::KEYS_KEPT_MICROS;
use crate::journal::{IdempotencyKey, KeyOutcome, StoredKey};

/// Keys that are remembered at once. At this many, the oldest are forgotten early and the operator is told.
const KEYS_MAX: usize = 8_000_000;

/// The keys of the last day with what became of their requests.
pub(super) struct Keys {
    known: Map<[u8; 32], ([u8; 32], KeyOutcome)>,
    by_age: VecDeque<(Instant, [u8; 32])>,
}

/// What is known of a key.
pub(super) enum Known {
    /// Nothing: the request is new.
    New,
    /// The same request led to these events.
    Events { first: u64, last: u64 },
    /// The same request was refused.
    Refused(Arc<Refusal>),
    /// The key stands for another request.
    Other,
}

impl Keys {
    /// The index of stored keys.
    pub fn of(mut stored: Vec<StoredKey>) -> Self {
        stored.sort_unstable_by_key(|stored| stored.created_at);
        let mut keys = Self { known: Map::default(), by_age: VecDeque::new() };
        for key in &stored {
            keys.insert(key);
        }
        keys
    }

    /// Looks a key up.
    pub fn find(&self, key: &IdempotencyKey) -> Known {
        match self.known.get(&key.digest) {
            None => Known::New,
            Some((request_hash, _)) if *request_hash != key.request_hash => Known::Other,
            Some((_, KeyOutcome::Events { first, last })) => Known::Events { first: *first, last: *last },
            Some((_, KeyOutcome::Refused(refusal))) => Known::Refused(Arc::clone(refusal)),
        }
    }

    /// Forgets keys that were remembered last, latest first: what became of their requests is not committed.
    pub fn forget_latest(&mut self, keys: impl IntoIterator<Item = IdempotencyKey>) {
        for key in keys {
            if self.by_age.back().is_some_and(|(_, digest)| *digest == key.digest) {
                self.by_age.pop_back();
            }
            self.known.remove(&key.digest);
        }
    }

    /// Remembers a key and forgets those that are older than a day.
    pub fn insert(&mut self, stored: &StoredKey) {
        self.known.insert(stored.key.digest, (stored.key.request_hash, stored.outcome.clone()));
        self.by_age.push_back((stored.created_at, stored.key.digest));
        while let Some((created_at, digest)) = self.by_age.front() {
            let full = self.by_age.len() > KEYS_MAX;
            if !full && stored.created_at.micros() - created_at.micros() <= KEYS_KEPT_MICROS {
                break;
            }
            if full {
                tracing::warn!(keys = KEYS_MAX, "idempotency keys are forgotten before a day has passed");
            }
            self.known.remove(digest);
            self.by_age.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(digest: u8, request: u8, at: i64) -> StoredKey {
        StoredKey {
            key: IdempotencyKey { digest: [digest; 32], request_hash: [request; 32] },
            created_at: Instant::from_micros(at),
            outcome: KeyOutcome::Events { first: u64::from(digest), last: u64::from(digest) },
        }
    }

    #[test]
    fn a_key_stands_for_one_request_for_a_day() {
        let mut keys = Keys::of(vec![stored(1, 1, 0)]);
        assert!(matches!(keys.find(&stored(1, 1, 0).key), Known::Events { first: 1, last: 1 }));
        assert!(matches!(keys.find(&stored(1, 2, 0).key), Known::Other));
        assert!(matches!(keys.find(&stored(2, 1, 0).key), Known::New));
        keys.insert(&stored(2, 1, KEYS_KEPT_MICROS));
        assert!(matches!(keys.find(&stored(1, 1, 0).key), Known::Events { .. }), "a day has not passed");
        keys.insert(&stored(3, 1, KEYS_KEPT_MICROS + 1));
        assert!(matches!(keys.find(&stored(1, 1, 0).key), Known::New));
    }
}
