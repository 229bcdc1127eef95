//! Record 03, the account with its balances, and what follows up to its trailer.

use ledger::{BankLine, BankStatement, BankText, Currency, Day, StatedBalance};

use super::records::Record;
use super::totals::Totals;
use super::{currency, transaction};
use crate::BankFileError;
use crate::error::Excerpt;
use crate::notation::{given, kept, minor_units, signed_integer};

/// An account whose trailer has not come.
pub(super) struct OpenAccount {
    account: BankText,
    currency: Currency,
    number: BankText,
    as_of: Day,
    opening: StatedBalance,
    closing: StatedBalance,
    lines: Vec<BankLine>,
    pub totals: Totals,
}

impl OpenAccount {
    /// The account of a record 03 in a group whose currency and day these are.
    ///
    /// # Errors
    /// [`BankFileError::Incomplete`] without number or balances; [`BankFileError::Unreadable`] when a field is not what it should be.
    pub fn open(record: &Record<'_>, number: &str, group: Currency, as_of: Day) -> Result<Self, BankFileError> {
        let missing = |what| BankFileError::incomplete(record.place(), what);
        let account = given(record.field(1)).ok_or_else(|| missing("the account's number"))?;
        let (account, number) = (kept(&account, || record.place())?, kept(number, || record.place())?);
        let currency = currency(record, 2)?.unwrap_or(group);
        let mut totals = Totals::of(record);
        let mut balances = [None; 4];
        let mut place = 3;
        while place < record.fields() {
            let (kind, text) = (record.field(place), record.field(place + 1));
            let amount = match text {
                "" => None,
                text => Some(minor_units(text, currency).ok_or_else(|| {
                    record.refused(format!(
                        "the amount of type {}, {}, is no whole number",
                        Excerpt(kind),
                        Excerpt(text)
                    ))
                })?),
            };
            totals.amounts += signed_integer(text).unwrap_or(0);
            let known = ["010", "015", "040", "045"].iter().position(|known| *known == kind);
            if let Some(balance) = known.and_then(|known| balances.get_mut(known)) {
                *balance = amount;
            }
            // The type, the amount, the count of items, the kind of funds, and what that brings.
            place += 4 + transaction::distribution(record, place + 3)?;
        }
        let ([Some(opening), Some(closing), ..] | [_, _, Some(opening), Some(closing)]) = balances else {
            return Err(missing("the opening and closing balance (types 010 and 015)"));
        };
        let balance = |amount| StatedBalance { amount, currency, day: as_of };
        Ok(Self {
            account,
            currency,
            number,
            as_of,
            opening: balance(opening),
            closing: balance(closing),
            lines: Vec::new(),
            totals,
        })
    }

    /// Adds a transaction.
    ///
    /// # Errors
    /// [`BankFileError::Unreadable`] when it is not one of money in or out.
    pub fn add(&mut self, record: &Record<'_>) -> Result<(), BankFileError> {
        self.totals.count(record);
        self.totals.amounts += signed_integer(record.field(2)).unwrap_or(0);
        self.lines.extend(transaction::line(record, self.currency, self.as_of)?);
        Ok(())
    }

    /// The statement that it has become.
    pub fn close(self) -> BankStatement {
        BankStatement {
            account: self.account,
            currency: self.currency,
            number: self.number,
            period: None,
            opening: self.opening,
            lines: self.lines,
            closing: self.closing,
        }
    }
}
