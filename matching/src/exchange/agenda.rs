//! Agenda: items by when they fall due.

use std::collections::BTreeMap;

use crate::linked::{Links, List};

/// Items by when they fall due. An item is known by its place in a slab, so that to postpone or to strike it costs no
/// search and, while others are due with it, no allocation.
#[derive(Clone, Debug)]
pub(super) struct Agenda<K> {
    /// Items due at each key; never an empty list.
    due: BTreeMap<K, List>,
    links: Links,
    /// Key at which each item is due; `None` for an item that is not due.
    when: Vec<Option<K>>,
}

impl<K> Default for Agenda<K> {
    fn default() -> Self {
        Self { due: BTreeMap::new(), links: Links::default(), when: Vec::new() }
    }
}

impl<K: Ord + Copy> Agenda<K> {
    /// Makes an item due at `due` and at no other time.
    pub fn set(&mut self, thing: u32, due: K) {
        match self.when.get(thing as usize).copied().flatten() {
            Some(before) if before == due => return,
            Some(_) => self.strike(thing),
            None if self.when.len() <= thing as usize => self.when.resize(thing as usize + 1, None),
            None => {}
        }
        self.when[thing as usize] = Some(due);
        self.links.add(self.due.entry(due).or_default(), thing);
    }

    /// Removes an item.
    pub fn strike(&mut self, thing: u32) {
        let Some(due) = self.when.get_mut(thing as usize).and_then(Option::take) else { return };
        let Some(list) = self.due.get_mut(&due) else { return };
        self.links.remove(list, thing);
        if list.is_empty() {
            self.due.remove(&due);
        }
    }

    /// Returns the earliest key at which an item is due; `None` when nothing is due.
    pub fn first(&self) -> Option<K> {
        self.due.first_key_value().map(|(due, _)| *due)
    }

    /// Iterates over the items due at `due`, in the order in which they were set.
    pub fn due_at(&self, due: K) -> impl Iterator<Item = u32> {
        self.links.iter(self.due.get(&due).copied().unwrap_or_default())
    }

    /// Iterates over all items by when they fall due.
    pub fn iter(&self) -> impl Iterator<Item = (K, impl Iterator<Item = u32>)> {
        self.due.iter().map(|(due, list)| (*due, self.links.iter(*list)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// An agenda is a set of pairs, whatever was set, put off and struck before.
        #[test]
        fn is_a_set_of_pairs(steps in prop::collection::vec((0..12u32, prop::option::of(0..6u8)), 0..80)) {
            let mut agenda = Agenda::default();
            let mut plain = BTreeMap::new();
            for (thing, due) in steps {
                if let Some(due) = due {
                    agenda.set(thing, due);
                    plain.insert(thing, due);
                } else {
                    agenda.strike(thing);
                    plain.remove(&thing);
                }
                let pairs: BTreeSet<(u8, u32)> = plain.iter().map(|(thing, due)| (*due, *thing)).collect();
                let listed = agenda.iter().flat_map(|(due, things)| things.map(move |thing| (due, thing)));
                prop_assert_eq!(listed.collect::<BTreeSet<_>>(), pairs.clone());
                prop_assert_eq!(agenda.first(), pairs.first().map(|(due, _)| *due));
                prop_assert!(agenda.iter().all(|(_, mut things)| things.next().is_some()));
            }
        }
    }
}
