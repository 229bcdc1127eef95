//! Check of the chain: every entry's number, its link to the one before, and the hash of its content.

use ledger::{Account, ChainedEntry, EntityId, Entry, Map, chain};

use super::report::{Check, Finding, Outcome};
use super::stored::StoredEntry;
use crate::relay::ChainHead;

/// Follower of the chains, from entry to entry.
pub(super) struct ChainCheck {
    pub outcome: Outcome,
    /// Last number and hash of each book.
    last: Map<EntityId, ChainHead>,
    text: String,
}

impl ChainCheck {
    pub fn new() -> Self {
        Self { outcome: Outcome::of(Check::Chain), last: Map::default(), text: String::with_capacity(1024) }
    }

    /// Checks the next entry. `content` is its content where that is known to equal what was computed; `None`
    /// otherwise.
    pub fn follow(&mut self, stored: &StoredEntry, content: Option<&Entry>, accounts: &Map<i64, Account>) {
        let row = &stored.row;
        self.outcome.compared += 1;
        let place = |what: &str| format!("{}, {what}", named(row.entity, row.sequence));
        let last = self.last.get(&row.entity).copied().unwrap_or(BEGINNING);
        self.outcome.compare(|| place("its number"), last.sequence + 1, row.sequence);
        if row.previous_hash != last.hash {
            self.outcome.differ(|| Finding {
                place: place("previous_hash"),
                expected: format!("{}, the hash of entry {}", hex::encode(last.hash), last.sequence),
                found: hex::encode(row.previous_hash),
            });
        }
        let own = if content.is_none() { stored.entry(accounts) } else { None };
        match content.or(own.as_ref()) {
            None => self.outcome.differ(|| Finding {
                place: place("its content"),
                expected: "a balanced entry".to_owned(),
                found: "lines that make none".to_owned(),
            }),
            Some(entry) => {
                let chained = ChainedEntry { sequence: row.sequence, source_key: row.source_key.as_str(), entry };
                let hash = chain(&row.previous_hash, &chained, &mut self.text);
                if hash != row.hash {
                    let (expected, found) = (hex::encode(hash), hex::encode(row.hash));
                    let place = place("hash");
                    self.outcome.differ(|| Finding { place, expected, found });
                }
            }
        }
        self.last.insert(row.entity, ChainHead { sequence: row.sequence, hash: row.hash });
    }

    /// Compares the end of a book with its head.
    pub fn finish(&mut self, entity: EntityId, head: &ChainHead) {
        let last = self.last.get(&entity).copied().unwrap_or(BEGINNING);
        let end = || format!("the last entry, beside books.head of {entity}");
        self.outcome.compare(end, head.sequence, last.sequence);
        if head.sequence == last.sequence {
            let place = || format!("books.head_hash of {entity}");
            self.outcome.compare(place, hex::encode(last.hash), hex::encode(head.hash));
        }
    }
}

/// Head of a book before its first entry.
const BEGINNING: ChainHead = ChainHead { sequence: 0, hash: [0; 32] };

/// Describes an entry in words.
pub(super) fn named(entity: EntityId, sequence: u64) -> String {
    match entity {
        EntityId::Operator => format!("entry {sequence}"),
        EntityId::Box(_) => format!("entry {sequence} of {entity}"),
    }
}
