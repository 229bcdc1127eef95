//! Linked lists threaded through the places of a slab.
//!
//! An item is known by its place in a slab. To add or to remove one costs no search and, once as many items have been
//! there, no allocation. A list keeps the order in which its items came.

use std::hash::Hash;

use ledger::Map;

/// Place that stands for no item.
const NONE: u32 = u32::MAX;

/// Ends of one list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct List {
    first: u32,
    last: u32,
}

/// Neighbours of an item in its list.
#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    after: u32,
}

/// Neighbours of every item. An item is in at most one of the lists that share these.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links(Vec<Link>);

impl Default for List {
    fn default() -> Self {
        Self { first: NONE, last: NONE }
    }
}

impl List {
    /// Returns whether the list is empty.
    pub fn is_empty(self) -> bool {
        self.first == NONE
    }

    /// Returns the item that came last; `None` when the list is empty.
    pub fn last(self) -> Option<u32> {
        (self.last != NONE).then_some(self.last)
    }
}

impl Links {
    /// Appends an item that is in no list to one.
    pub fn add(&mut self, list: &mut List, thing: u32) {
        let place = thing as usize;
        if self.0.len() <= place {
            self.0.resize(place + 1, Link { before: NONE, after: NONE });
        }
        let before = std::mem::replace(&mut list.last, thing);
        self.0[place] = Link { before, after: NONE };
        match before {
            NONE => list.first = thing,
            before => self.0[before as usize].after = thing,
        }
    }

    /// Removes an item from the list that it is in.
    pub fn remove(&mut self, list: &mut List, thing: u32) {
        let Link { before, after } = self.0[thing as usize];
        match before {
            NONE => list.first = after,
            before => self.0[before as usize].after = after,
        }
        match after {
            NONE => list.last = before,
            after => self.0[after as usize].before = before,
        }
    }

    /// Iterates over the items of a list, in the order in which they came.
    pub fn iter(&self, list: List) -> impl Iterator<Item = u32> {
        let some = |thing: u32| (thing != NONE).then_some(thing);
        std::iter::successors(some(list.first), move |thing| some(self.0[*thing as usize].after))
    }
}

/// Items by their owner.
#[derive(Clone, Debug)]
pub(crate) struct Roster<K> {
    /// Lists by owner. An owner stays when its last item goes, so that one who comes and goes allocates nothing.
    lists: Map<K, List>,
    links: Links,
}

impl<K> Default for Roster<K> {
    fn default() -> Self {
        Self { lists: Map::default(), links: Links::default() }
    }
}

impl<K: Copy + Eq + Hash> Roster<K> {
    /// Adds an item that nobody owns.
    pub fn add(&mut self, owner: K, thing: u32) {
        self.links.add(self.lists.entry(owner).or_default(), thing);
    }

    /// Removes an item of an owner.
    pub fn remove(&mut self, owner: &K, thing: u32) {
        if let Some(list) = self.lists.get_mut(owner) {
            self.links.remove(list, thing);
        }
    }

    /// Iterates over an owner's items, in the order in which they came.
    pub fn of(&self, owner: K) -> impl Iterator<Item = u32> {
        self.links.iter(self.list(&owner))
    }

    /// Returns the item that came to an owner last; `None` when it has none.
    pub fn last_of(&self, owner: K) -> Option<u32> {
        self.list(&owner).last()
    }

    fn list(&self, owner: &K) -> List {
        self.lists.get(owner).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A roster is a list for each owner, whatever came and went before.
        #[test]
        fn keeps_the_order_in_which_things_came(steps in prop::collection::vec((0..12u32, 0..3u8), 0..80)) {
            let mut roster = Roster::default();
            let mut plain: Vec<(u8, u32)> = Vec::new();
            for (thing, owner) in steps {
                if let Some(place) = plain.iter().position(|(_, other)| *other == thing) {
                    roster.remove(&plain[place].0, thing);
                    plain.remove(place);
                } else {
                    roster.add(owner, thing);
                    plain.push((owner, thing));
                }
                for owner in 0..3 {
                    let own: Vec<u32> = plain.iter().filter(|(of, _)| *of == owner).map(|(_, thing)| *thing).collect();
                    prop_assert_eq!(roster.last_of(owner), own.last().copied());
                    prop_assert_eq!(roster.of(owner).collect::<Vec<_>>(), own);
                }
            }
        }
    }
}
