//! Hash maps whose hash is fast and the same in every run.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;

/// A map by key. Nothing that anybody sees may depend on the order in which it iterates.
pub type Map<K, V> = HashMap<K, V, FixedState>;

/// A set, with the same caution.
pub type Set<K> = HashSet<K, FixedState>;
