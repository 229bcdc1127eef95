//! The one error of bank statement files.

use std::fmt;

use ledger::Currency;

use super::{BankFileFormat, FILE_BYTES_MAX, LINES_MAX};

/// A file cannot be taken for bank statements.
///
/// The messages are written for whoever got the file from the bank: they name the place in it and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BankFileError {
    /// More than [`FILE_BYTES_MAX`].
    #[error("the file is larger than {} MiB", FILE_BYTES_MAX >> 20)]
    TooLarge,
    /// More than [`LINES_MAX`] lines.
    #[error("the file has more than {LINES_MAX} lines of statements")]
    TooManyLines,
    /// The content looks like none of the formats.
    #[error("the file is in none of the formats camt053, mt940, bai2 and csv; name one if it is")]
    UnknownFormat,
    /// Nothing in the file is a statement.
    #[error("there is no statement in the file, read as {format}")]
    Empty {
        /// How it was read.
        format: BankFileFormat,
    },
    /// Something in the file is not what its format asks for.
    #[error("{place}: {what}")]
    Unreadable {
        /// Where.
        place: Place,
        /// What is wrong with it.
        what: String,
    },
    /// A statement lacks what every statement needs: an account, a number, a balance.
    #[error("{place}: {missing} is missing")]
    Incomplete {
        /// Where.
        place: Place,
        /// What is missing.
        missing: String,
    },
    /// A line is in another currency than its account.
    #[error("{place}: the line is in {line}, its account in {account}")]
    MixedCurrencies {
        /// Where.
        place: Place,
        /// The line's currency.
        line: Currency,
        /// The account's currency.
        account: Currency,
    },
    /// A sum or count that the file states of itself is wrong: something was lost or changed on the way.
    #[error("{place}: {what} is stated as {stated}, and comes to {found}")]
    ControlTotal {
        /// Where it is stated.
        place: Place,
        /// What is stated.
        what: &'static str,
        /// The figure in the file.
        stated: i128,
        /// The figure that the file's content gives.
        found: i128,
    },
}

impl BankFileError {
    /// The stable code of the cause.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge | Self::TooManyLines => "statement_too_large",
            Self::UnknownFormat => "statement_format_unknown",
            Self::Empty { .. } => "statement_empty",
            Self::Unreadable { .. } => "statement_unreadable",
            Self::Incomplete { .. } => "statement_incomplete",
            Self::MixedCurrencies { .. } => "statement_currency_mixed",
            Self::ControlTotal { .. } => "statement_control_total",
        }
    }

    pub(super) fn unreadable(place: Place, what: impl fmt::Display) -> Self {
        Self::Unreadable { place, what: what.to_string() }
    }

    pub(super) fn incomplete(place: Place, missing: impl fmt::Display) -> Self {
        Self::Incomplete { place, missing: missing.to_string() }
    }
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// What stands there, as the format calls it: an element's path, a tag, a record, a column.
    pub item: String,
}

impl Place {
    pub(super) fn new(line: usize, item: impl Into<String>) -> Self {
        Self { line, item: item.into() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, {}", self.line, self.item)
    }
}

/// The start of a text from the file, for an error's message: enough to find it by, however long it is.
pub(super) struct Excerpt<'a>(pub &'a str);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const CHARS_MAX: usize = 60;
        let start: String = self.0.chars().take(CHARS_MAX).collect();
        let more = if start.len() < self.0.len() { "…" } else { "" };
        write!(f, "{start:?}{more}")
    }
}
