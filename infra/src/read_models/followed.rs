//! Records that are folded from events.

use std::collections::BTreeMap;

use matching::{Event, Record};

/// Record that an event creates.
pub trait Recorded: Sized {
    /// Returns the records that begin with an event.
    fn begun_by(record: &Record) -> Vec<Self>;
}

/// Record that later events change.
pub trait Followed: Recorded {
    /// Id by which it is found.
    type Id: Copy + Ord;

    /// Returns the id of this record.
    fn id(&self) -> Self::Id;

    /// Returns the sequence of the event that created it. Lists go by it.
    fn sequence(&self) -> u64;

    /// Returns the ids of the records that an event changes. They began with earlier events.
    fn changed_by(event: &Event) -> Vec<Self::Id>;

    /// Applies one of these events. An event that [`Followed::changed_by`] does not name for this record is not handed to it.
    fn follow(&mut self, event: &Event);
}

/// Records in the order in which they were created, found by their ids.
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
    /// Adds a record. A record with the same id that is already there stays as it is.
    pub fn add(&mut self, record: T) {
        let place = self.records.len();
        if *self.places.entry(record.id()).or_insert(place) == place {
            self.records.push(record);
        }
    }

    /// Applies an event: adds what begins with it, and changes the records that it concerns.
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

    /// Finds the record of this id.
    pub fn find(&self, id: T::Id) -> Option<&T> {
        self.places.get(&id).map(|place| &self.records[*place])
    }

    /// Returns all records, oldest first.
    pub fn all(&self) -> &[T] {
        &self.records
    }
}
