//! Records: things as their events leave them.

use std::collections::BTreeMap;

use matching::{Event, Record};

/// A record that an event brings into being.
pub trait Recorded: Sized {
    /// The records that begin with an event.
    fn begun_by(record: &Record) -> Vec<Self>;
}

/// A record that later events change.
pub trait Followed: Recorded {
    /// What it is found by.
    type Id: Copy + Ord;

    /// What this one is found by.
    fn id(&self) -> Self::Id;

    /// The sequence of the event that brought it into being. Lists go by it.
    fn sequence(&self) -> u64;

    /// The records that an event changes. They began with earlier events.
    fn changed_by(event: &Event) -> Vec<Self::Id>;

    /// Takes up what one of these events changes of it.
    fn follow(&mut self, event: &Event);
}

/// Records in the order in which they came into being, found by their ids.
pub struct Shelf<T: Followed> {
    records: Vec<T>,
    places: BTreeMap<T::Id, usize>,
}

impl<T: Followed> Default for Shelf<T> {
    fn default() -> Self {
        Self { records: Vec::new(), places: BTreeMap::new() }
    }
}

impl<T: Followed> Shelf<T> {
    /// Adds a record. One of this id that is there already stays as it is.
    pub fn add(&mut self, record: T) {
        let place = self.records.len();
        if *self.places.entry(record.id()).or_insert(place) == place {
            self.records.push(record);
        }
    }

    /// Takes up an event: what begins with it, and what it changes of the records that are here.
    pub fn follow(&mut self, record: &Record) {
        for begun in T::begun_by(record) {
            self.add(begun);
        }
        for id in T::changed_by(&record.event) {
            if let Some(place) = self.places.get(&id) {
                self.records[*place].follow(&record.event);
            }
        }
    }

    /// The record of this id.
    pub fn find(&self, id: T::Id) -> Option<&T> {
        self.places.get(&id).map(|place| &self.records[*place])
    }

    /// All records, oldest first.
    pub fn all(&self) -> &[T] {
        &self.records
    }
}
