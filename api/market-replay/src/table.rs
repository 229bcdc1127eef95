//! CSV files with named columns, read row by row, whose errors name file, line and column.

use std::{io::Read, str::FromStr};

use csv::{Reader, ReaderBuilder, StringRecord};
use thiserror::Error;

/// Why a recording could not be read. Lines count from 1 and include the header.
#[derive(Debug, Error)]
pub enum InputError {
    /// The file could not be opened.
    #[error("{file}: cannot be opened: {source}")]
    Open {
        /// The file as the caller named it.
        file: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The bytes are not a well-formed CSV row: wrong number of fields, not UTF-8, or a failed read.
    #[error("{file}: line {line}: {source}")]
    Row {
        /// The file as the caller named it.
        file: String,
        /// The line on which the row starts.
        line: u64,
        /// What the CSV reader said.
        source: csv::Error,
    },
    /// The header lacks a column that the recording is known to have.
    #[error("{file}: line 1: column `{column}` is missing")]
    MissingColumn {
        /// The file as the caller named it.
        file: String,
        /// The missing column.
        column: &'static str,
    },
    /// A field is not what its column holds.
    #[error("{file}: line {line}, column `{column}`: `{value}` is not {expected}")]
    Field {
        /// The file as the caller named it.
        file: String,
        /// The line on which the row starts.
        line: u64,
        /// The column.
        column: &'static str,
        /// The field as it stands in the file.
        value: String,
        /// What the column holds, as a noun phrase.
        expected: &'static str,
    },
}

/// A CSV file of which some columns, in any order, are read by name.
#[derive(Debug)]
pub(super) struct Table<R> {
    file: String,
    columns: &'static [&'static str],
    /// For each of `columns`, its place in the file.
    places: Vec<usize>,
    reader: Reader<R>,
    record: StringRecord,
}

impl<R: Read> Table<R> {
    /// Reads the header of `input`; `file` is the name that errors give it.
    pub(super) fn open(file: &str, input: R, columns: &'static [&'static str]) -> Result<Self, InputError> {
        let mut reader = ReaderBuilder::new().from_reader(input);
        let header = reader.headers().map_err(|source| row_error(file, source))?;
        let places = columns
            .iter()
            .map(|&column| {
                header
                    .iter()
                    .position(|name| name == column)
                    .ok_or_else(|| InputError::MissingColumn { file: file.to_owned(), column })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { file: file.to_owned(), columns, places, reader, record: StringRecord::new() })
    }

    /// The next row, or nothing at the end of the file.
    pub(super) fn next_row(&mut self) -> Result<Option<Row<'_, R>>, InputError> {
        match self.reader.read_record(&mut self.record) {
            Ok(true) => Ok(Some(Row { table: self })),
            Ok(false) => Ok(None),
            Err(source) => Err(row_error(&self.file, source)),
        }
    }
}

fn row_error(file: &str, source: csv::Error) -> InputError {
    InputError::Row { file: file.to_owned(), line: source.position().map_or(1, csv::Position::line), source }
}

/// One row; columns are addressed by their index in the list that the table was opened with.
#[derive(Debug)]
pub(super) struct Row<'a, R> {
    table: &'a Table<R>,
}

impl<R> Row<'_, R> {
    /// The field as it stands in the file.
    pub(super) fn text(&self, column: usize) -> &str {
        // The reader refuses rows shorter than the header, so the place exists.
        self.table.record.get(self.table.places[column]).unwrap_or_default()
    }

    /// The field as a value that also satisfies `valid`; `expected` says in the error what the column holds.
    pub(super) fn value<T: FromStr>(
        &self,
        column: usize,
        expected: &'static str,
        valid: impl FnOnce(&T) -> bool,
    ) -> Result<T, InputError> {
        self.text(column).parse().ok().filter(valid).ok_or_else(|| self.refuse(column, expected))
    }

    /// The error for a field of this row.
    pub(super) fn refuse(&self, column: usize, expected: &'static str) -> InputError {
        InputError::Field {
            file: self.table.file.clone(),
            line: self.table.record.position().map_or(1, csv::Position::line),
            column: self.table.columns[column],
            value: self.text(column).to_owned(),
            expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_in_any_order() {
        let mut table = Table::open("t.csv", "b,x,a\n2,9,1\n".as_bytes(), &["a", "b"]).unwrap();
        let row = table.next_row().unwrap().unwrap();
        assert_eq!((row.text(0), row.text(1)), ("1", "2"));
        assert!(table.next_row().unwrap().is_none());
    }

    #[test]
    fn errors_name_file_line_and_column() {
        let missing = Table::open("t.csv", "a\n".as_bytes(), &["a", "b"]).unwrap_err();
        assert_eq!(missing.to_string(), "t.csv: line 1: column `b` is missing");

        let mut table = Table::open("t.csv", "a,b\n1,2\n3,x\n".as_bytes(), &["a", "b"]).unwrap();
        table.next_row().unwrap();
        let row = table.next_row().unwrap().unwrap();
        let error = row.value::<u32>(1, "a count", |_| true).unwrap_err();
        assert_eq!(error.to_string(), "t.csv: line 3, column `b`: `x` is not a count");
        assert!(row.value::<u32>(0, "an even count", |n| n % 2 == 0).is_err());
    }

    #[test]
    fn a_short_row_is_refused_with_its_line() {
        let mut table = Table::open("t.csv", "a,b\n1,2\n3\n".as_bytes(), &["a", "b"]).unwrap();
        table.next_row().unwrap();
        let error = table.next_row().unwrap_err();
        assert!(error.to_string().starts_with("t.csv: line 3: "), "{error}");
    }
}
