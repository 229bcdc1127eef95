//! The chain: every entry's number, its link to the one before, and the hash of what it says.

use ledger::{Account, ChainHash, ChainedEntry, Entry, Map, chain};

use super::report::{Check, Finding, Outcome};
use super::stored::StoredEntry;
use crate::relay::ChainHead;

/// Follows the chain from entry to entry.
pub(super) struct ChainCheck {
    pub outcome: Outcome,
    last: ChainHead,
    text: String,
}

impl ChainCheck {
    pub fn new() -> Self {
        let last = ChainHead { sequence: 0, hash: [0; 32] };
        Self { outcome: Outcome::of(Check::Chain), last, text: String::with_capacity(1024) }
    }

    /// Checks the next entry. `content` is what it says, where that is known to be the same as what was computed.
    pub fn follow(&mut self, stored: &StoredEntry, content: Option<&Entry>, accounts: &Map<i64, Account>) {
        let row = &stored.row;
        self.outcome.compared += 1;
        let place = |what: &str| format!("entry {}, {what}", row.sequence);
        self.outcome.compare(|| place("its number"), self.last.sequence + 1, row.sequence);
        if row.previous_hash != self.last.hash {
            let last = self.last;
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
        self.last = ChainHead { sequence: row.sequence, hash: row.hash };
    }

    /// Compares the end with the book's head.
    pub fn finish(&mut self, head_sequence: u64, head_hash: &ChainHash) {
        let end = || "the last entry, beside books.head".to_owned();
        self.outcome.compare(end, head_sequence, self.last.sequence);
        if head_sequence == self.last.sequence {
            let place = || "books.head_hash".to_owned();
            self.outcome.compare(place, hex::encode(self.last.hash), hex::encode(head_hash));
        }
    }
}
