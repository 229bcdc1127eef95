//! SWIFT MT940, Customer Statement Message, as banks write it.
//!
//! A statement reaches from its opening balance (`:60F:`, or `:60M:` on a later page) to its closing balance (`:62F:`, or `:62M:` on a
//! page that is not the last). Each page is a statement of its own, as its bank numbers it (`:28C:5/1`, `:28C:5/2`): its figures add up by
//! themselves. Envelopes (`{1:…}`), headers, ends of messages (`-`) and tags that say nothing of bookings are passed over, as are bookings
//! of messages that state neither balance (MT942): they belong to no statement. With one balance of the two, a file is damaged.

mod booking;
mod information;
mod tags;

use ledger::{BankLine, BankStatement, BankText, Currency, StatedBalance};

use super::error::Excerpt;
use super::notation::{comma_amount, given, joined, kept, kept_if_given, short_day};
use super::{BankFileError, LINES_MAX, Place};
use booking::Booking;
use information::Information;
use tags::{Field, fields};

/// What the statements of a file are gathered in.
#[derive(Default)]
struct Reading {
    message: Option<String>,
    account: Option<String>,
    number: Option<String>,
    open: Option<OpenStatement>,
    statements: Vec<BankStatement>,
    lines: usize,
}

/// A statement whose closing balance has not come.
struct OpenStatement {
    account: BankText,
    number: BankText,
    opening: StatedBalance,
    place: Place,
    bookings: Vec<(Booking, Vec<String>)>,
}

pub(super) fn read(text: &str) -> Result<Vec<BankStatement>, BankFileError> {
    let mut reading = Reading::default();
    for field in fields(text) {
        reading.take(&field)?;
    }
    match reading.open {
        Some(open) => Err(unclosed(&open)),
        None => Ok(reading.statements),
    }
}

impl Reading {
    fn take(&mut self, field: &Field<'_>) -> Result<(), BankFileError> {
        match field.tag {
            "20" => {
                // Else the bookings of two messages would pass for one statement's.
                if let Some(open) = &self.open {
                    return Err(unclosed(open));
                }
                self.message = given(field.first_line());
                (self.account, self.number) = (None, None);
            }
            "25" | "25P" => self.account = given(field.first_line()),
            "28" | "28C" => self.number = given(field.first_line()),
            "60F" | "60M" => self.open(field)?,
            "61" => {
                let booking = Booking::read(field)?;
                self.lines += 1;
                if self.lines > LINES_MAX {
                    return Err(BankFileError::TooManyLines);
                }
                if let Some(open) = &mut self.open {
                    open.bookings.push((booking, Vec::new()));
                }
            }
            // A bank may spread what it says of a booking over several fields. Without a booking they concern the statement.
            "86" => {
                if let Some((_, information)) = self.open.as_mut().and_then(|open| open.bookings.last_mut()) {
                    information.extend(field.lines().map(str::to_owned));
                }
            }
            "62F" | "62M" => self.close(field)?,
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, field: &Field<'_>) -> Result<(), BankFileError> {
        if let Some(open) = &self.open {
            return Err(unclosed(open));
        }
        let opening = balance(field, None)?;
        let missing = |what| BankFileError::incomplete(field.place(), what);
        let account = self.account.clone().ok_or_else(|| missing("the account (:25:) of the statement"))?;
        let number = self.number.clone().or_else(|| self.message.clone());
        let number = number.ok_or_else(|| missing("the number (:28C: or :20:) of the statement"))?;
        let (account, number) = (kept(&account, || field.place())?, kept(&number, || field.place())?);
        self.open = Some(OpenStatement { account, number, opening, place: field.place(), bookings: Vec::new() });
        Ok(())
    }

    fn close(&mut self, field: &Field<'_>) -> Result<(), BankFileError> {
        let open = self.open.take();
        let open = open.ok_or_else(|| field.refused("a closing balance stands before the opening balance (:60F:)"))?;
        let closing = balance(field, Some(open.opening.currency))?;
        self.statements.push(BankStatement {
            account: open.account,
            currency: open.opening.currency,
            number: open.number,
            period: None,
            opening: open.opening,
            lines: open
                .bookings
                .into_iter()
                .map(|(booking, information)| line(booking, &information))
                .collect::<Result<_, _>>()?,
            closing,
        });
        Ok(())
    }
}

fn unclosed(open: &OpenStatement) -> BankFileError {
    BankFileError::incomplete(open.place.clone(), "the closing balance (:62F: or :62M:) to this opening one")
}

/// A balance: `C`redit or `D`ebit, the day, the currency, the amount. Some banks leave the currency of the closing balance out.
fn balance(field: &Field<'_>, opening: Option<Currency>) -> Result<StatedBalance, BankFileError> {
    let text = field.first_line();
    let refused = |what: &str| field.refused(&format!("{} is no balance: {what}", Excerpt(text)));
    let (mark, rest) = text.split_at_checked(1).unwrap_or_default();
    let (day, rest) = rest.split_at_checked(6).ok_or_else(|| refused("it is too short"))?;
    let left_out = opening.filter(|_| rest.starts_with(|letter: char| letter.is_ascii_digit()));
    let (currency, amount) = if let Some(currency) = left_out {
        (currency, rest)
    } else {
        let (currency, amount) = rest.split_at_checked(3).ok_or_else(|| refused("it is too short"))?;
        (currency.parse().map_err(|_| refused("the currency is not three upper-case letters"))?, amount)
    };
    let magnitude = comma_amount(amount).ok_or_else(|| refused("the amount is not of the form 1234,56"))?;
    let amount = match mark {
        "C" => magnitude,
        "D" => -magnitude,
        _ => return Err(refused("it starts with neither C nor D")),
    };
    let day = short_day(day).ok_or_else(|| refused("the date is not of the form YYMMDD"))?;
    Ok(StatedBalance { amount, currency, day })
}

/// The line of a booking and of what the bank says of it.
fn line(booking: Booking, information: &[String]) -> Result<BankLine, BankFileError> {
    let information = Information::of(information);
    let place = || Place::new(booking.line, ":61: or its :86:");
    Ok(BankLine {
        booking_day: booking.entry_day,
        value_day: booking.value_day,
        amount: booking.amount,
        reference: kept_if_given(information.end_to_end.or(booking.reference).or(information.customers), place)?,
        bank_reference: kept_if_given(booking.bank_reference, place)?,
        counterparty: kept_if_given(information.counterparty.or(booking.name), place)?,
        counterparty_account: kept_if_given(information.counterparty_account, place)?,
        text: kept_if_given(information.text.or_else(|| joined(booking.below.iter().map(String::as_str))), place)?,
        reversal: booking.reversal,
    })
}
