//! Tallies: counts by key, without an allocation for a few keys.

use std::hash::Hash;

use ledger::Map;
use smallvec::SmallVec;

/// Number of keys that are kept in a row and searched one by one.
const ROW_MAX: usize = 8;

/// Value for each key; the default until it is changed.
#[derive(Clone, Debug)]
pub(super) struct Tally<K, V> {
    row: SmallVec<[(K, V); ROW_MAX]>,
    more: Map<K, V>,
}

impl<K, V> Default for Tally<K, V> {
    fn default() -> Self {
        Self { row: SmallVec::new(), more: Map::default() }
    }
}

impl<K: Copy + Eq + Hash, V: Default> Tally<K, V> {
    /// Returns the value of a key, to change.
    pub fn of(&mut self, key: K) -> &mut V {
        if let Some(at) = self.row.iter().position(|(other, _)| *other == key) {
            return &mut self.row[at].1;
        }
        if self.row.len() < ROW_MAX {
            self.row.push((key, V::default()));
            let last = self.row.len() - 1;
            return &mut self.row[last].1;
        }
        self.more.entry(key).or_default()
    }
}
