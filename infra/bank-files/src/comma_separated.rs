//! CSV with the exchange's own columns, for banks that send nothing better; `docs/bank-statements.md` documents it.
//!
//! A row is a line of a statement, and repeats the statement's own columns. Rows of one account and statement number are one statement,
//! wherever they stand. A row without date and amount states a statement without naming a line of it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use csv::{ReaderBuilder, StringRecord};
use ledger::{Amount, BankLine, BankStatement, BankText, Currency, Day, StatedBalance};

use super::error::Excerpt;
use super::notation::{given, iso_day, kept, kept_if_given};
use super::{BankFileError, LINES_MAX, Place};

/// The columns that there must be.
const REQUIRED: [&str; 7] = ["account", "currency", "statement", "opening", "closing", "date", "amount"];
/// The columns that there may be.
const OPTIONAL: [&str; 8] = [
    "value_date",
    "reference",
    "bank_reference",
    "counterparty",
    "counterparty_account",
    "text",
    "opening_date",
    "closing_date",
];

/// Where each column stands.
struct Columns(BTreeMap<String, usize>);

/// A statement whose rows are being gathered.
struct Gathered {
    line: usize,
    currency: Currency,
    opening: Amount,
    closing: Amount,
    opening_day: Option<Day>,
    closing_day: Option<Day>,
    lines: Vec<BankLine>,
}

pub(super) fn read(text: &str) -> Result<Vec<BankStatement>, BankFileError> {
    let text = text.trim_start();
    let header = text.lines().next().unwrap_or_default();
    let delimiter = if header.contains(';') && !header.contains(',') { b';' } else { b',' };
    let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let columns = Columns::of(reader.headers().map_err(|error| malformed(&error))?)?;
    let mut statements: BTreeMap<(BankText, BankText), Gathered> = BTreeMap::new();
    let mut order = Vec::new();
    for (number, row) in reader.records().enumerate() {
        if number >= LINES_MAX {
            return Err(BankFileError::TooManyLines);
        }
        let row = row.map_err(|error| malformed(&error))?;
        let row = Row { columns: &columns, cells: &row };
        let text = |column| kept(row.required(column)?, || row.place(column));
        let key = (text("account")?, text("statement")?);
        let gathered = match statements.entry(key) {
            Entry::Occupied(entry) => {
                row.repeats(entry.get())?;
                entry.into_mut()
            }
            Entry::Vacant(entry) => {
                order.push(entry.key().clone());
                entry.insert(row.opens()?)
            }
        };
        gathered.lines.extend(row.line()?);
    }
    let gathered = order.into_iter().filter_map(|key| statements.remove(&key).map(|gathered| (key, gathered)));
    gathered.map(|((account, number), gathered)| gathered.statement(account, number)).collect()
}

fn malformed(error: &csv::Error) -> BankFileError {
    let line = error.position().map_or(1, csv::Position::line);
    BankFileError::unreadable(Place::new(usize::try_from(line).unwrap_or(usize::MAX), "row"), error)
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, BankFileError> {
        let refused = |what: String| Err(BankFileError::unreadable(Place::new(1, "header"), what));
        let mut places = BTreeMap::new();
        for (place, name) in header.iter().enumerate() {
            let name = name.trim().to_ascii_lowercase();
            if !REQUIRED.iter().chain(&OPTIONAL).any(|known| *known == name) {
                return refused(format!("there is no column {}", Excerpt(&name)));
            }
            if places.insert(name.clone(), place).is_some() {
                return refused(format!("the column {name} stands there twice"));
            }
        }
        match REQUIRED.iter().find(|name| !places.contains_key(**name)) {
            Some(name) => refused(format!("the column {name} is missing")),
            None => Ok(Self(places)),
        }
    }
}

/// A row of the file.
struct Row<'a> {
    columns: &'a Columns,
    cells: &'a StringRecord,
}

impl<'a> Row<'a> {
    /// What stands in a column, without the blanks around it; empty when there is no such column.
    fn cell(&self, column: &str) -> &'a str {
        self.columns.0.get(column).and_then(|place| self.cells.get(*place)).unwrap_or_default().trim()
    }

    fn required(&self, column: &str) -> Result<&'a str, BankFileError> {
        let missing = || BankFileError::incomplete(self.place(column), "a value in this column");
        Some(self.cell(column)).filter(|text| !text.is_empty()).ok_or_else(missing)
    }

    fn amount(&self, column: &str) -> Result<Amount, BankFileError> {
        let text = self.required(column)?;
        text.parse().map_err(|error| self.refused(column, format!("{}: {error}", Excerpt(text))))
    }

    fn day(&self, column: &str) -> Result<Option<Day>, BankFileError> {
        match self.cell(column) {
            "" => Ok(None),
            text => {
                let day = Some(text).filter(|text| text.len() == 10).and_then(iso_day);
                let refused = || self.refused(column, format!("{} is no date YYYY-MM-DD", Excerpt(text)));
                day.map(Some).ok_or_else(refused)
            }
        }
    }

    /// The statement that this row is the first of.
    fn opens(&self) -> Result<Gathered, BankFileError> {
        let currency = self.required("currency")?;
        Ok(Gathered {
            line: self.line_number(),
            currency: currency.parse().map_err(|error| self.refused("currency", error))?,
            opening: self.amount("opening")?,
            closing: self.amount("closing")?,
            opening_day: self.day("opening_date")?,
            closing_day: self.day("closing_date")?,
            lines: Vec::new(),
        })
    }

    /// Checks that this row says of its statement what the first row said.
    fn repeats(&self, first: &Gathered) -> Result<(), BankFileError> {
        let own = self.opens()?;
        let differs = [
            ("currency", own.currency != first.currency),
            ("opening", own.opening != first.opening),
            ("closing", own.closing != first.closing),
            ("opening_date", own.opening_day != first.opening_day),
            ("closing_date", own.closing_day != first.closing_day),
        ];
        match differs.into_iter().find(|(_, differs)| *differs) {
            Some((column, _)) => {
                let what = format!("this differs from what line {} says of the same statement", first.line);
                Err(self.refused(column, what))
            }
            None => Ok(()),
        }
    }

    /// The line that this row is; none when it has neither date nor amount.
    fn line(&self) -> Result<Option<BankLine>, BankFileError> {
        let booking_day = match (self.day("date")?, self.cell("amount")) {
            (None, "") => return Ok(None),
            (None, _) => return Err(BankFileError::incomplete(self.place("date"), "a value in this column")),
            (Some(day), _) => day,
        };
        Ok(Some(BankLine {
            booking_day,
            value_day: self.day("value_date")?.unwrap_or(booking_day),
            amount: self.amount("amount")?,
            reference: self.text("reference")?,
            bank_reference: self.text("bank_reference")?,
            counterparty: self.text("counterparty")?,
            counterparty_account: self.text("counterparty_account")?,
            text: self.text("text")?,
            reversal: false,
        }))
    }

    fn text(&self, column: &str) -> Result<Option<BankText>, BankFileError> {
        kept_if_given(given(self.cell(column)), || self.place(column))
    }

    fn refused(&self, column: &str, what: impl std::fmt::Display) -> BankFileError {
        BankFileError::unreadable(self.place(column), what)
    }

    fn place(&self, column: &str) -> Place {
        Place::new(self.line_number(), format!("column {column}"))
    }

    fn line_number(&self) -> usize {
        self.cells.position().and_then(|position| usize::try_from(position.line()).ok()).unwrap_or(1)
    }
}

impl Gathered {
    /// The statement. Balances without a day of their own are of its first and last line.
    fn statement(self, account: BankText, number: BankText) -> Result<BankStatement, BankFileError> {
        let days = || self.lines.iter().map(|line| line.booking_day);
        let missing = |column: &str| {
            let place = Place::new(self.line, format!("column {column}"));
            BankFileError::incomplete(place, "a value in this column, which a statement without lines needs,")
        };
        let opening_day = self.opening_day.or_else(|| days().min()).ok_or_else(|| missing("opening_date"))?;
        let closing_day = self.closing_day.or_else(|| days().max()).ok_or_else(|| missing("closing_date"))?;
        let balance = |amount, day| StatedBalance { amount, currency: self.currency, day };
        Ok(BankStatement {
            account,
            currency: self.currency,
            number,
            period: None,
            opening: balance(self.opening, opening_day),
            closing: balance(self.closing, closing_day),
            lines: self.lines,
        })
    }
}
