//! How many of something are open at a time, in all and for each of those who open them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Places that are taken and given back.
#[derive(Debug)]
pub struct Occupancy<K> {
    in_all_max: usize,
    each_max: usize,
    taken: Mutex<Taken<K>>,
}

#[derive(Debug)]
struct Taken<K> {
    in_all: usize,
    each: HashMap<K, usize>,
}

/// A place. It is given back when this is dropped.
#[derive(Debug)]
pub struct Place<K: Hash + Eq> {
    occupancy: Arc<Occupancy<K>>,
    /// `None` where only the number in all counts.
    key: Option<K>,
}

impl<K: Hash + Eq + Clone> Occupancy<K> {
    /// At most so many places in all, and so many for each.
    pub fn new(in_all_max: usize, each_max: usize) -> Arc<Self> {
        let taken = Mutex::new(Taken { in_all: 0, each: HashMap::new() });
        Arc::new(Self { in_all_max, each_max, taken })
    }

    /// Takes a place for `key`, or one that counts for nobody. `None` when all are taken.
    pub fn take(self: &Arc<Self>, key: Option<K>) -> Option<Place<K>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.in_all >= self.in_all_max {
            return None;
        }
        if let Some(key) = &key {
            let own = taken.each.entry(key.clone()).or_default();
            if *own >= self.each_max {
                return None;
            }
            *own += 1;
        }
        taken.in_all += 1;
        drop(taken);
        Some(Place { occupancy: self.clone(), key })
    }
}

impl<K: Hash + Eq> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = self.occupancy.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.in_all -= 1;
        let Some(key) = &self.key else { return };
        if let Some(own) = taken.each.get_mut(key) {
            *own -= 1;
            if *own == 0 {
                taken.each.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_for_each_and_in_all_and_given_back() {
        let occupancy = Occupancy::new(3, 2);
        let first = occupancy.take(Some("a")).unwrap();
        let _second = occupancy.take(Some("a")).unwrap();
        assert!(occupancy.take(Some("a")).is_none(), "a has all of its own");
        let _third = occupancy.take(None).unwrap();
        assert!(occupancy.take(Some("b")).is_none(), "none is left");
        drop(first);
        let again = occupancy.take(Some("b")).unwrap();
        drop(again);
        assert!(!occupancy.taken.lock().unwrap().each.contains_key("b"), "nothing is kept of whoever has none");
    }
}
