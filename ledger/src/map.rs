//! Hash maps whose hash is fast and the same in every run.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;

/// Map by key. Nothing that anybody sees may depend on its order of iteration.
pub type Map<K, V> = HashMap<K, V, FixedState>;

/// Set, with the same caution.
pub type Set<K> = HashSet<K, FixedState>;
