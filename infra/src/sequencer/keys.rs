//! Idempotency keys of the last day, in memory.
//!
//! Each organization has its own share. Whoever floods the exchange with keys has the oldest of its own forgotten,
//! never another's.

use std::collections::VecDeque;
use std::sync::Arc;

use ledger::{Instant, Map, OrganizationId};
use matching::Refusal;

use super::KEYS_KEPT_MICROS;
use crate::journal::{IdempotencyKey, KeyOutcome, StoredKey};

/// Largest number of keys that are remembered at once.
const BOUNDS: Bounds = Bounds { per_organization: 1_000_000, in_all: 8_000_000 };
/// Number of old keys of one organization that are forgotten with each key that is remembered.
const EXPIRED_AT_ONCE: usize = 16;
/// Number of keys that the organization with the most of them gives up where there are too many in all.
const GIVEN_UP_AT_ONCE: usize = 1_024;

#[derive(Clone, Copy)]
struct Bounds {
    per_organization: usize,
    in_all: usize,
}

/// Keys of the last day with the outcomes of their requests.
pub(super) struct Keys {
    bounds: Bounds,
    known: Map<[u8; 32], Remembered>,
    shares: Vec<Share>,
    /// Index of each organization's share. `None` is for keys that were stored without one.
    places: Map<Option<OrganizationId>, usize>,
    /// Index of the share that is looked through next for old keys.
    next: usize,
}

struct Remembered {
    request_hash: [u8; 32],
    created_at: Instant,
    outcome: KeyOutcome,
}

/// Keys of one organization, oldest first.
#[derive(Default)]
struct Share {
    by_age: VecDeque<(Instant, [u8; 32])>,
    /// Whether the operator was told that some are forgotten early.
    told: bool,
}

/// Knowledge of a key.
pub(super) enum Known {
    /// No request had this key: it is new.
    New,
    /// The same request led to these events.
    Events { first: u64, last: u64 },
    /// The same request was refused.
    Refused(Arc<Refusal>),
    /// The key stands for another request.
    Other,
}

impl Keys {
    /// Makes the index of stored keys.
    pub fn of(stored: Vec<StoredKey>) -> Self {
        Self::within(BOUNDS, stored)
    }

    fn within(bounds: Bounds, mut stored: Vec<StoredKey>) -> Self {
        stored.sort_unstable_by_key(|stored| stored.created_at);
        let (known, places) = (Map::default(), Map::default());
        let mut keys = Self { bounds, known, shares: Vec::new(), places, next: 0 };
        for key in &stored {
            keys.insert(key);
        }
        keys
    }

    /// Looks a key up.
    pub fn find(&self, key: &IdempotencyKey) -> Known {
        match self.known.get(&key.digest) {
            None => Known::New,
            Some(found) if found.request_hash != key.request_hash => Known::Other,
            Some(Remembered { outcome: KeyOutcome::Events { first, last }, .. }) => {
                Known::Events { first: *first, last: *last }
            }
            Some(Remembered { outcome: KeyOutcome::Refused(refusal), .. }) => Known::Refused(Arc::clone(refusal)),
        }
    }

    /// Forgets the keys that were remembered last, latest first: the outcomes of their requests are not committed.
    pub fn forget_latest(&mut self, keys: impl IntoIterator<Item = IdempotencyKey>) {
        for key in keys {
            let place = self.place(key.organization);
            let share = &mut self.shares[place];
            if share.by_age.back().is_some_and(|(_, digest)| *digest == key.digest) {
                share.by_age.pop_back();
            }
            self.known.remove(&key.digest);
        }
    }

    /// Remembers a key, and forgets keys that are older than a day or too many.
    pub fn insert(&mut self, stored: &StoredKey) {
        let StoredKey { key, created_at, outcome } = stored;
        let remembered =
            Remembered { request_hash: key.request_hash, created_at: *created_at, outcome: outcome.clone() };
        self.known.insert(key.digest, remembered);
        let place = self.place(key.organization);
        self.shares[place].by_age.push_back((*created_at, key.digest));
        self.forget_expired(place, *created_at);
        self.next = (self.next + 1) % self.shares.len();
        self.forget_expired(self.next, *created_at);
        if self.shares[place].by_age.len() > self.bounds.per_organization {
            self.give_up(place, 1);
        }
        if self.known.len() > self.bounds.in_all
            && let Some(most) = (0..self.shares.len()).max_by_key(|place| self.shares[*place].by_age.len())
        {
            self.give_up(most, GIVEN_UP_AT_ONCE);
        }
    }

    fn place(&mut self, organization: Option<OrganizationId>) -> usize {
        *self.places.entry(organization).or_insert_with(|| {
            self.shares.push(Share::default());
            self.shares.len() - 1
        })
    }

    /// Forgets some of the keys of a share that are older than a day at `now`.
    fn forget_expired(&mut self, place: usize, now: Instant) {
        for _ in 0..EXPIRED_AT_ONCE {
            let oldest = self.shares[place].by_age.front();
            if oldest.is_none_or(|(created_at, _)| now.micros() - created_at.micros() <= KEYS_KEPT_MICROS) {
                return;
            }
            self.forget_oldest(place);
        }
    }

    /// Forgets the oldest keys of a share before a day has passed.
    fn give_up(&mut self, place: usize, count: usize) {
        if !std::mem::replace(&mut self.shares[place].told, true) {
            let owner = self.places.iter().find(|(_, known)| **known == place).and_then(|(owner, _)| *owner);
            let owner = owner.map(|owner| owner.to_string());
            tracing::warn!(
                organization = owner,
                "an organization's idempotency keys are forgotten before a day has passed"
            );
        }
        for _ in 0..count {
            self.forget_oldest(place);
        }
    }

    fn forget_oldest(&mut self, place: usize) {
        let Some((created_at, digest)) = self.shares[place].by_age.pop_front() else { return };
        // A key that came again after it was forgotten is a younger one.
        if self.known.get(&digest).is_some_and(|found| found.created_at == created_at) {
            self.known.remove(&digest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(organization: &str, digest: u8, request: u8, at: i64) -> StoredKey {
        let organization = Some(organization.parse().unwrap());
        StoredKey {
            key: IdempotencyKey { organization, digest: [digest; 32], request_hash: [request; 32] },
            created_at: Instant::from_micros(at),
            outcome: KeyOutcome::Events { first: u64::from(digest), last: u64::from(digest) },
        }
    }

    fn knows(keys: &Keys, digest: u8) -> bool {
        !matches!(keys.find(&stored("acme", digest, 1, 0).key), Known::New)
    }

    #[test]
    fn a_key_stands_for_one_request_for_a_day() {
        let mut keys = Keys::of(vec![stored("acme", 1, 1, 0)]);
        assert!(matches!(keys.find(&stored("acme", 1, 1, 0).key), Known::Events { first: 1, last: 1 }));
        assert!(matches!(keys.find(&stored("acme", 1, 2, 0).key), Known::Other));
        assert!(!knows(&keys, 2));
        keys.insert(&stored("beta", 2, 1, KEYS_KEPT_MICROS));
        assert!(knows(&keys, 1), "a day has not passed");
        keys.insert(&stored("acme", 3, 1, KEYS_KEPT_MICROS + 1));
        assert!(!knows(&keys, 1));
    }

    #[test]
    fn what_others_are_done_with_is_forgotten_as_well() {
        let mut keys = Keys::of((0..40).map(|digest| stored("gone", digest, 1, 0)).collect());
        for digest in 100..110 {
            keys.insert(&stored("acme", digest, 1, KEYS_KEPT_MICROS + 1));
        }
        assert_eq!(keys.known.len(), 10);
    }

    #[test]
    fn a_flood_of_keys_has_only_its_own_forgotten() {
        let bounds = Bounds { per_organization: 4, in_all: 100 };
        let mut keys = Keys::within(bounds, vec![stored("acme", 1, 1, 0)]);
        for digest in 100..200 {
            keys.insert(&stored("flood", digest, 1, 1));
        }
        assert!(knows(&keys, 1));
        assert!((100..200).filter(|digest| knows(&keys, *digest)).eq(196..200));
    }

    #[test]
    fn where_there_are_too_many_in_all_those_with_the_most_give_way() {
        let bounds = Bounds { per_organization: 100, in_all: 50 };
        let mut keys = Keys::within(bounds, vec![stored("acme", 1, 1, 0), stored("beta", 2, 1, 0)]);
        for digest in 100..=255 {
            keys.insert(&stored("flood", digest, 1, 1));
            assert!(keys.known.len() <= 50);
        }
        assert!(knows(&keys, 1) && knows(&keys, 2) && knows(&keys, 255));
    }

    #[test]
    fn a_key_that_came_again_is_not_forgotten_with_its_first_time() {
        let bounds = Bounds { per_organization: 2, in_all: 100 };
        let mut keys = Keys::within(bounds, Vec::new());
        for (at, digest) in [(0, 1), (1, 2), (2, 3), (3, 1), (4, 4)] {
            keys.insert(&stored("acme", digest, 1, at));
        }
        assert!(knows(&keys, 1) && knows(&keys, 4) && !knows(&keys, 2));
    }
}
