//! The log and the journal entries of a run.

use std::sync::Arc;

use infra::journal::LogRow;
use jiff::Timestamp;
use ledger::{ChainHash, ChainedEntry, Entry, chain};
use matching::{Log, Record};

/// An entry with the event that it records and its link of the chain.
pub(super) struct Booked {
    pub event: u64,
    pub entry: Entry,
    pub hash: ChainHash,
}

/// What happened, and what it meant to the operator's books.
#[derive(Default)]
pub(super) struct RunLog {
    rows: Vec<Arc<LogRow>>,
    entries: Vec<Booked>,
    scratch: String,
}

impl RunLog {
    /// The events, in order.
    pub fn rows(&self) -> &[Arc<LogRow>] {
        &self.rows
    }

    /// The last event by an instant; 0 before the first.
    pub fn last_event_by(&self, instant: Timestamp) -> u64 {
        let by = |row: &&Arc<LogRow>| row.record.at.micros() <= instant.as_microsecond();
        self.rows.iter().rev().find(by).map_or(0, |row| row.record.sequence)
    }

    /// Drops all but the first so many events, with their entries.
    pub fn truncate(&mut self, events: usize) {
        self.rows.truncate(events);
        let last = self.rows.last().map_or(0, |row| row.record.sequence);
        self.entries.truncate(self.entries.partition_point(|booked| booked.event <= last));
    }

    /// The entries with their numbers, in order.
    pub fn entries(&self) -> impl Iterator<Item = (i64, &Booked)> {
        (1..).zip(&self.entries)
    }
}

impl Log for RunLog {
    fn append(&mut self, record: Record) {
        let event = record.sequence;
        for (ordinal, entry) in record.entries().into_iter().enumerate() {
            let previous = self.entries.last().map_or(ChainHash::default(), |booked| booked.hash);
            let sequence = self.entries.len() as u64 + 1;
            let source_key = format!("{event}.{ordinal}");
            let chained = ChainedEntry { sequence, source_key: &source_key, entry: &entry };
            let hash = chain(&previous, &chained, &mut self.scratch);
            self.entries.push(Booked { event, entry, hash });
        }
        self.rows.push(Arc::new(LogRow::encode(record)));
    }
}
