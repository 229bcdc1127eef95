//! Records: lines of comma-separated fields that end in a slash, with their continuations (88) put behind them.

use crate::error::Excerpt;
use crate::{BankFileError, Place};

/// The codes of records.
const CODES: [&str; 8] = ["01", "02", "03", "16", "49", "88", "98", "99"];

/// A logical record.
pub(super) struct Record<'a> {
    /// Its code: two digits.
    pub code: &'a str,
    /// The line it starts at, from 1.
    pub line: usize,
    /// How many physical records it is, continuations included.
    pub physical: i128,
    /// What stands behind the code, without the slash, then what each continuation has.
    pieces: Vec<&'a str>,
    fields: Vec<&'a str>,
}

impl<'a> Record<'a> {
    fn new(code: &'a str, line: usize, content: &'a str) -> Self {
        Self { code, line, physical: 1, pieces: vec![content], fields: Vec::new() }
    }

    /// The field at a place, the code being 0, without the blanks around it; empty when the record ends before.
    pub fn field(&self, place: usize) -> &'a str {
        self.fields.get(place).map_or("", |field| field.trim())
    }

    /// How many fields there are, the code included.
    pub fn fields(&self) -> usize {
        self.fields.len()
    }

    /// The fields from a place on, commas between them and a blank before each continuation: a text may have commas in it.
    pub fn text_from(&self, place: usize) -> String {
        let mut left = place.saturating_sub(1);
        let mut text = Vec::new();
        for piece in &self.pieces {
            let fields = piece.split(',').count();
            if left >= fields {
                left -= fields;
                continue;
            }
            text.extend(piece.splitn(left + 1, ',').last());
            left = 0;
        }
        text.join(" ")
    }

    pub fn place(&self) -> Place {
        Place::new(self.line, format!("record {}", self.code))
    }

    pub fn refused(&self, what: impl std::fmt::Display) -> BankFileError {
        BankFileError::unreadable(self.place(), what)
    }

    /// Settles the fields once all pieces have come.
    fn complete(mut self) -> Self {
        let fields = self.pieces.iter().flat_map(|piece| piece.split(','));
        self.fields = std::iter::once(self.code).chain(fields).collect();
        self
    }
}

/// The records of a file in their order, each with its continuations. An error is the last.
///
/// Banks differ in two ways from the standard that are put right here: several records may stand on one line, and a text may
/// run over to a line without a code.
pub(super) fn records(text: &str) -> impl Iterator<Item = Result<Record<'_>, BankFileError>> {
    let lines = text.lines().enumerate();
    let mut physical = lines.flat_map(|(number, line)| on_one_line(line).map(move |part| (number + 1, part)));
    let mut pending: Option<Record<'_>> = None;
    std::iter::from_fn(move || {
        for (line, part) in physical.by_ref() {
            let content = part.strip_suffix('/').unwrap_or(part);
            match (coded(content), &mut pending) {
                (Some(("88", rest)), Some(record)) => {
                    record.physical += 1;
                    record.pieces.push(rest);
                }
                (Some((code, rest)), pending) if code != "88" => {
                    if let Some(record) = pending.replace(Record::new(code, line, rest)) {
                        return Some(Ok(record.complete()));
                    }
                }
                (None, Some(record)) if record.code == "16" => record.pieces.push(content.trim_start()),
                _ => {
                    let what = format!("{} starts with no code of a record", Excerpt(part));
                    return Some(Err(BankFileError::unreadable(Place::new(line, "record"), what)));
                }
            }
        }
        pending.take().map(|record| Ok(record.complete()))
    })
}

/// The code of a record and what stands behind it.
fn coded(text: &str) -> Option<(&str, &str)> {
    let (code, rest) = text.split_at_checked(2)?;
    let rest = if rest.is_empty() { rest } else { rest.strip_prefix(',')? };
    CODES.contains(&code).then_some((code, rest))
}

/// The records on one line: one, unless behind a slash and blanks the next begins. Blank lines have none.
fn on_one_line(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line.trim();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let ends = rest.match_indices("/ ").map(|(place, _)| place + 1);
        let next = ends.into_iter().find(|end| {
            let behind = rest[*end..].trim_start();
            behind.get(2..3) == Some(",") && coded(behind).is_some()
        });
        let (record, behind) = rest.split_at(next.unwrap_or(rest.len()));
        rest = behind.trim_start();
        Some(record.trim_end())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(&str, usize, i128, Vec<&str>)> {
        let records = records(text).map(|record| record.expect("a record"));
        records.map(|record| (record.code, record.line, record.physical, record.fields)).collect()
    }

    #[test]
    fn continuations_go_on_with_the_fields() {
        let found = read("03,1,USD,010/\n88,500,,/\n\n16,115,5,Z,A/B,,TEXT/ 49,1,2/  98,1,1,3/");
        let expected = [
            ("03", 1, 2, vec!["03", "1", "USD", "010", "500", "", ""]),
            ("16", 4, 1, vec!["16", "115", "5", "Z", "A/B", "", "TEXT"]),
            ("49", 4, 1, vec!["49", "1", "2"]),
            ("98", 4, 1, vec!["98", "1", "1", "3"]),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_text_may_have_commas_slashes_and_more_lines() {
        let text = "16,115,5,Z,B,C,one, two/three 1/2\n88,four, five/\nsix   /\n";
        let record = records(text).next().expect("one").expect("a record");
        assert_eq!((record.text_from(6).as_str(), record.physical), ("one, two/three 1/2 four, five six   ", 2));
        assert_eq!(record.text_from(5), "C,one, two/three 1/2 four, five six   ");
        assert_eq!(record.text_from(20), "");
    }

    #[test]
    fn what_is_refused() {
        for text in ["88,1/", "hello", "17,1/", "03,1/\nhello", "ü"] {
            let error = records(text).find_map(Result::err).expect(text);
            assert_eq!(error.code(), "statement_unreadable", "{text}");
        }
    }
}
