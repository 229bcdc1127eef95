//! Hash chain over an entity's entries.
//!
//! Entries of an entity are numbered without gaps, and each carries the SHA-256 of its predecessor's hash and its own
//! content. SHA-256, because PostgreSQL and every auditor's tool can recompute it.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::entry::Entry;

/// SHA-256 over an entry and, through its predecessor's hash, all entries before it.
pub type ChainHash = [u8; 32];

/// Entry with its place in its entity's books.
#[derive(Clone, Copy, Debug)]
pub struct ChainedEntry<'a> {
    /// Number in the entity's books, from 1, without gaps.
    pub sequence: u64,
    /// Key of the event that it records and its place among that event's entries: unique in the entity's books.
    pub source_key: &'a str,
    /// Entry to hash.
    pub entry: &'a Entry,
}

/// Hashes an entry after `previous` (all zero before the first).
///
/// The hashed content is text, one field a line, so that it can be recomputed with any tool: the previous hash in
/// hexadecimal, then entity, sequence, source key, rule and version, day, contract, box, then what it corrects behind
/// the word `corrects`, if anything, then per line account, owner, currency, amount and contract. `text` is a scratch
/// buffer.
pub fn chain(previous: &ChainHash, chained: &ChainedEntry<'_>, text: &mut String) -> ChainHash {
    text.clear();
    push_hexadecimal(previous, text);
    let entry = chained.entry;
    let rule = entry.rule();
    let _ = write!(
        text,
        "\n{}\n{}\n{}\n{}.{}\n{}",
        entry.entity(),
        chained.sequence,
        chained.source_key,
        rule.id,
        rule.version,
        entry.effective(),
    );
    let _ = write!(text, "\n{}\n{}", OrNothing(entry.contract()), OrNothing(entry.box_id()));
    if let Some(corrects) = entry.corrects() {
        let _ = write!(text, "\ncorrects {corrects}");
    }
    for line in entry.lines() {
        let account = &line.account;
        for part in ["\n", account.kind.code(), " "] {
            text.push_str(part);
        }
        let _ = write!(text, "{} ", account.owner);
        text.push_str(account.currency.as_str());
        let _ = write!(text, " {} {}", line.amount, OrNothing(line.contract));
    }
    Sha256::digest(text.as_bytes()).into()
}

/// Writes byte by byte through a table: the formatter would take longer for it than for all the rest.
fn push_hexadecimal(hash: &ChainHash, text: &mut String) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    for byte in hash {
        text.push(DIGITS[usize::from(byte >> 4)]);
        text.push(DIGITS[usize::from(byte & 0xf)]);
    }
}

/// Displays a value, or nothing for `None`.
struct OrNothing<T>(Option<T>);

impl<T: std::fmt::Display> std::fmt::Display for OrNothing<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.as_ref().map_or(Ok(()), |value| value.fmt(f))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Day;
    use crate::correction::Correction;
    use crate::money::{Amount, Currency};
    use crate::posting::{Fact, post};

    fn hash(previous: &ChainHash, sequence: u64, units: i128) -> ChainHash {
        let organization = "acme".parse().expect("a slug");
        let fact = Fact::HoldPlaced { organization, amount: Amount::from_micros(units) };
        let entry = post(&fact, Currency::USD, Day::from_days(20_000)).expect("balanced");
        chain(previous, &ChainedEntry { sequence, source_key: "1.0", entry: &entry }, &mut String::new())
    }

    #[test]
    fn every_part_of_an_entry_changes_the_hash() {
        let genesis = [0; 32];
        let base = hash(&genesis, 1, 5);
        assert_eq!(base, hash(&genesis, 1, 5));
        assert_ne!(base, hash(&genesis, 1, 6));
        assert_ne!(base, hash(&genesis, 2, 5));
        assert_ne!(base, hash(&base, 1, 5));
    }

    #[test]
    fn what_an_entry_corrects_changes_the_hash() {
        let organization = "acme".parse().expect("a slug");
        let fact = Fact::HoldPlaced { organization, amount: Amount::from_micros(5) };
        let hash = |corrects| {
            let entry = post(&fact, Currency::USD, Day::from_days(20_000)).expect("balanced").correcting(corrects);
            chain(&[0; 32], &ChainedEntry { sequence: 1, source_key: "1.0", entry: &entry }, &mut String::new())
        };
        assert_ne!(hash(None), hash(Some(Correction::Event(1))));
        assert_ne!(hash(Some(Correction::Event(2))), hash(Some(Correction::Event(1))));
    }
}
