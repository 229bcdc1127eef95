//! BAI2, the Cash Management Balance Reporting format of the Bank Administration Institute, version 2.
//!
//! A statement is an account (record 03) with its transactions (16). Its balances are the ledger balances (types 010 and 015), or where
//! a bank reports only those the available ones (040 and 045). The signs of amounts come from the types of transactions. The sums and
//! counts that close an account, a group and the file (49, 98, 99) must be right; a file without them is cut off.

mod account;
mod records;
mod totals;
mod transaction;

use ledger::{BankStatement, Currency, Day};

use super::error::Excerpt;
use super::notation::short_day;
use super::{BankFileError, LINES_MAX, Place};
use account::OpenAccount;
use records::{Record, records};
use totals::Totals;

/// The file as far as it is read: what is open, and how much of it has come.
#[derive(Default)]
struct Reading {
    file: Option<File>,
    group: Option<Group>,
    account: Option<OpenAccount>,
    statements: Vec<BankStatement>,
    lines: usize,
    closed: bool,
}

/// Record 01.
struct File {
    /// The day it was made and its number on that day.
    name: String,
    totals: Totals,
}

/// Record 02.
struct Group {
    currency: Currency,
    as_of: Day,
    totals: Totals,
}

pub(super) fn read(text: &str) -> Result<Vec<BankStatement>, BankFileError> {
    let mut reading = Reading::default();
    let mut last_line = 1;
    for record in records(text) {
        let record = record?;
        last_line = record.line;
        reading.take(&record)?;
    }
    if reading.file.is_some() && !reading.closed {
        return Err(BankFileError::incomplete(Place::new(last_line, "the end"), "the trailer (49, 98 or 99)"));
    }
    Ok(reading.statements)
}

impl Reading {
    fn take(&mut self, record: &Record<'_>) -> Result<(), BankFileError> {
        let expected = match record.code {
            "01" => self.file.is_none(),
            "02" | "99" => self.file.is_some() && self.group.is_none() && !self.closed,
            "03" | "98" => self.group.is_some() && self.account.is_none(),
            "16" | "49" => self.account.is_some(),
            _ => return Err(record.refused("there is no such record in BAI2")),
        };
        if !expected {
            return Err(record.refused("the record does not belong here"));
        }
        match record.code {
            "01" => self.file = Some(File::open(record)?),
            "02" => self.group = Some(Group::open(record)?),
            "03" => self.open_account(record)?,
            "16" => {
                self.lines += 1;
                if self.lines > LINES_MAX {
                    return Err(BankFileError::TooManyLines);
                }
                if let Some(account) = &mut self.account {
                    account.add(record)?;
                }
            }
            "49" => self.close_account(record)?,
            "98" => self.close_group(record)?,
            _ => self.close_file(record)?,
        }
        Ok(())
    }

    fn open_account(&mut self, record: &Record<'_>) -> Result<(), BankFileError> {
        if let (Some(file), Some(group)) = (&self.file, &self.group) {
            let number = format!("{}/{}", file.name, self.statements.len() + 1);
            self.account = Some(OpenAccount::open(record, &number, group.currency, group.as_of)?);
        }
        Ok(())
    }

    fn close_account(&mut self, record: &Record<'_>) -> Result<(), BankFileError> {
        let (Some(account), Some(group)) = (self.account.take(), &mut self.group) else { return Ok(()) };
        group.totals.add(&account.totals.closed(record, None)?);
        self.statements.push(account.close());
        Ok(())
    }

    fn close_group(&mut self, record: &Record<'_>) -> Result<(), BankFileError> {
        let (Some(group), Some(file)) = (self.group.take(), &mut self.file) else { return Ok(()) };
        file.totals.add(&group.totals.closed(record, Some("the number of accounts"))?);
        Ok(())
    }

    fn close_file(&mut self, record: &Record<'_>) -> Result<(), BankFileError> {
        let Some(file) = &self.file else { return Ok(()) };
        file.totals.closed(record, Some("the number of groups"))?;
        self.closed = true;
        Ok(())
    }
}

impl File {
    fn open(record: &Record<'_>) -> Result<Self, BankFileError> {
        let made = day(record, 3)?;
        Ok(Self { name: format!("{made}-{}", record.field(5)), totals: Totals::of(record) })
    }
}

impl Group {
    fn open(record: &Record<'_>) -> Result<Self, BankFileError> {
        match record.field(3) {
            "2" => return Err(record.refused("the group deletes an earlier one; there is nothing to read in it")),
            "4" => return Err(record.refused("the group is a test")),
            _ => {}
        }
        let currency = currency(record, 6)?.unwrap_or(Currency::USD);
        Ok(Self { currency, as_of: day(record, 4)?, totals: Totals::of(record) })
    }
}

fn day(record: &Record<'_>, place: usize) -> Result<Day, BankFileError> {
    let text = record.field(place);
    short_day(text).ok_or_else(|| record.refused(format!("field {}, {}, is no date YYMMDD", place + 1, Excerpt(text))))
}

/// The currency in a field; none when it is left out.
fn currency(record: &Record<'_>, place: usize) -> Result<Option<Currency>, BankFileError> {
    let text = record.field(place);
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error| record.refused(format!("{}: {error}", Excerpt(text))))
}
