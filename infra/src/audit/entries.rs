//! Check of the entries: each event's, computed again, beside those that are stored.

use std::fmt::{Display, Write as _};

use ledger::{Account, Entry, Line, Map};

use super::chain;
use super::report::{Check, Finding, Outcome};
use super::stored::{LineRow, StoredEntry};

/// Comparer of entries.
pub(super) struct EntriesCheck {
    pub outcome: Outcome,
    source_key: String,
    /// Index of the equal computed entry, for each stored entry of the event at hand.
    equals: Vec<Option<usize>>,
    /// Whether a computed entry has its source key, for each stored entry of the event at hand.
    explained: Vec<bool>,
}

impl EntriesCheck {
    pub fn new() -> Self {
        Self { outcome: Outcome::of(Check::Entries), source_key: String::new(), equals: vec![], explained: vec![] }
    }

    /// Compares the entries of an event with the stored ones, and returns for each stored entry the index of the
    /// computed one that it equals.
    pub fn compare(
        &mut self,
        event: u64,
        computed: &[Entry],
        stored: &[StoredEntry],
        accounts: &Map<i64, Account>,
    ) -> &[Option<usize>] {
        self.equals.clear();
        self.equals.resize(stored.len(), None);
        self.explained.clear();
        self.explained.resize(stored.len(), false);
        for (ordinal, entry) in computed.iter().enumerate() {
            self.outcome.compared += 1;
            self.source_key.clear();
            let _ = write!(self.source_key, "{event}.{ordinal}");
            let key = &self.source_key;
            let is_of_it =
                |stored: &StoredEntry| stored.row.entity == entry.entity() && stored.row.source_key.as_str() == key;
            let Some(place) = stored.iter().position(is_of_it) else {
                let missing = || Finding {
                    place: format!("the entry with source key {key}"),
                    expected: described(entry),
                    found: "none".to_owned(),
                };
                self.outcome.differ(missing);
                continue;
            };
            self.explained[place] = true;
            match difference(entry, &stored[place], accounts) {
                None => self.equals[place] = Some(ordinal),
                Some(finding) => self.outcome.differ(|| finding),
            }
        }
        for (place, stored) in stored.iter().enumerate() {
            if !self.explained[place] {
                self.unexplained(stored);
            }
        }
        &self.equals
    }

    /// Counts a stored entry that no event leads to.
    pub fn unexplained(&mut self, stored: &StoredEntry) {
        let row = &stored.row;
        self.outcome.differ(|| Finding {
            place: chain::named(row.entity, row.sequence),
            expected: "none: no event of the log leads to it".to_owned(),
            found: format!(
                "source key {}, event {}, dated {}, {} lines",
                row.source_key.as_str(),
                or_none(row.event),
                row.effective,
                stored.lines.len()
            ),
        });
    }

    /// Counts a line whose entry is not there.
    pub fn orphan(&mut self, line: &LineRow) {
        self.outcome.differ(|| Finding {
            place: line.named(),
            expected: "none: there is no such entry".to_owned(),
            found: format!("{} on account {}", line.amount, line.account),
        });
    }
}

/// Finds where a stored entry first differs from the computed one.
fn difference(expected: &Entry, stored: &StoredEntry, accounts: &Map<i64, Account>) -> Option<Finding> {
    let StoredEntry { row, lines } = stored;
    let header_is_equal = row.rule == Ok(expected.rule())
        && row.effective == expected.effective()
        && row.contract == expected.contract()
        && row.box_id == expected.box_id()
        && row.corrects.as_ref() == Ok(&expected.corrects())
        && expected.entity() == row.entity
        && usize::try_from(row.line_count) == Ok(lines.len());
    let is_equal = |(number, (line, stored)): (i32, (&Line, &LineRow))| {
        stored.line == number
            && stored.amount == line.amount
            && stored.contract == line.contract
            && accounts.get(&stored.account) == Some(&line.account)
    };
    let lines_are_equal =
        || lines.len() == expected.lines().len() && (0i32..).zip(expected.lines().iter().zip(lines)).all(is_equal);
    if header_is_equal && lines_are_equal() { None } else { Some(named(expected, stored, accounts)) }
}

/// Describes the difference in words.
fn named(expected: &Entry, stored: &StoredEntry, accounts: &Map<i64, Account>) -> Finding {
    let StoredEntry { row, lines } = stored;
    let entry = chain::named(row.entity, row.sequence);
    let at = |what: &str| format!("{entry} (source key {}), {what}", row.source_key.as_str());
    let rule = |rule: &ledger::PostingRule| format!("{}.{}", rule.id, rule.version);
    let found_rule = row.rule.as_ref().map_or_else(Clone::clone, rule);
    let found_corrects = row.corrects.as_ref().map_or_else(Clone::clone, |corrects| or_none(*corrects));
    let columns = [
        ("entity", expected.entity().to_string(), row.entity.to_string()),
        ("rule", rule(&expected.rule()), found_rule),
        ("date", expected.effective().to_string(), row.effective.to_string()),
        ("contract", or_none(expected.contract()), or_none(row.contract)),
        ("box", or_none(expected.box_id()), or_none(row.box_id)),
        ("corrects", or_none(expected.corrects()), found_corrects),
        ("line_count", expected.lines().len().to_string(), row.line_count.to_string()),
        ("lines", expected.lines().len().to_string(), lines.len().to_string()),
    ];
    let differing = columns.into_iter().find(|(_, expected, found)| expected != found);
    if let Some((column, expected, found)) = differing {
        return Finding { place: at(column), expected, found };
    }
    let texts = expected.lines().iter().zip(lines).enumerate().map(|(number, (line, stored))| {
        let expected = format!("line {number}, {}", line_text(Some(&line.account), line));
        let as_line = Line { account: line.account, amount: stored.amount, contract: stored.contract };
        let found = format!("line {}, {}", stored.line, line_text(accounts.get(&stored.account), &as_line));
        (number, expected, found)
    });
    let differing = texts.into_iter().find(|(_, expected, found)| expected != found);
    let (number, expected, found) = differing.unwrap_or_default();
    Finding { place: at(&format!("line {number}")), expected, found }
}

fn line_text(account: Option<&Account>, line: &Line) -> String {
    let contract = line.contract.map_or_else(String::new, |contract| format!(" for contract {contract}"));
    match account {
        Some(Account { kind, owner, currency, .. }) => {
            let owner = owner.to_string();
            let space = if owner.is_empty() { "" } else { " " };
            format!("{} {currency} on {}{space}{owner}{contract}", line.amount, kind.code())
        }
        None => format!("{} on an account that is not there{contract}", line.amount),
    }
}

/// Describes an entry in a few words.
fn described(entry: &Entry) -> String {
    let lines: Vec<String> = entry.lines().iter().map(|line| line_text(Some(&line.account), line)).collect();
    format!("{}.{} dated {}: {}", entry.rule().id, entry.rule().version, entry.effective(), lines.join("; "))
}

pub(super) fn or_none<T: Display>(value: Option<T>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}
