//! Field `:61:`, the statement line.

use ledger::{Amount, Day};

use super::tags::Field;
use crate::BankFileError;
use crate::error::Excerpt;
use crate::notation::{comma_amount, given, month_day, short_day};

/// What banks write where there is no reference, or where it stands in `:86:`.
const NO_REFERENCE: [&str; 5] = ["NONREF", "NOTPROVIDED", "KREF+", "EREF+", "UNKNOWN"];
/// The length of a transaction type: a letter and three of letters and digits.
const TYPE_CHARS: usize = 4;

/// A booking as its statement line has it.
pub(super) struct Booking {
    /// The line of the file that it starts at, from 1.
    pub line: usize,
    pub value_day: Day,
    pub entry_day: Day,
    /// Signed: money received is positive.
    pub amount: Amount,
    pub reversal: bool,
    pub reference: Option<String>,
    pub bank_reference: Option<String>,
    /// The name of the other side, where a bank puts it behind the reference.
    pub name: Option<String>,
    /// What stands on the lines below.
    pub below: Vec<String>,
}

impl Booking {
    /// The booking of a field.
    ///
    /// # Errors
    /// [`BankFileError::Unreadable`] names what of it is not as the format asks for.
    pub fn read(field: &Field<'_>) -> Result<Self, BankFileError> {
        let text = field.first_line();
        let refused = |what: &str| field.refused(&format!("{} is no booking: {what}", Excerpt(text)));
        let (day, rest) = text.split_at_checked(6).ok_or_else(|| refused("it is too short"))?;
        let value_day = short_day(day).ok_or_else(|| refused("the value date is not of the form YYMMDD"))?;
        let (booked, rest) = entry_day(rest, value_day).ok_or_else(|| refused("the entry date is no MMDD"))?;
        let (sign, reversal, rest) = mark(rest).ok_or_else(|| refused("there is none of C, D, RC and RD"))?;
        // The currency's third letter may stand before the amount, where the currency has several kinds.
        let rest = rest.strip_prefix(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(rest);
        let length = rest.find(|letter: char| !letter.is_ascii_digit() && letter != ',').unwrap_or(rest.len());
        let (digits, rest) = rest.split_at(length);
        let magnitude = comma_amount(digits).ok_or_else(|| refused("the amount is not of the form 1234,56"))?;
        let behind_type = rest.char_indices().nth(TYPE_CHARS).map_or("", |(place, _)| &rest[place..]);
        let (reference, bank_reference, name) = references(behind_type);
        Ok(Self {
            line: field.line,
            value_day,
            entry_day: booked,
            amount: if sign < 0 { -magnitude } else { magnitude },
            reversal,
            reference: known(reference),
            bank_reference: known(bank_reference),
            name: given(name),
            below: field.lines().skip(1).map(str::to_owned).collect(),
        })
    }
}

/// The day of booking, which may be left out or blank; then it is the value date.
fn entry_day(text: &str, value_day: Day) -> Option<(Day, &str)> {
    if let Some(rest) = text.strip_prefix("    ") {
        return Some((value_day, rest));
    }
    if !text.starts_with(|letter: char| letter.is_ascii_digit()) {
        return Some((value_day, text));
    }
    let (day, rest) = text.split_at_checked(4)?;
    Some((month_day(day, value_day)?, rest))
}

/// The sign of a booking, whether it is a reversal, and the rest. A reversed credit takes money out of the account.
fn mark(text: &str) -> Option<(i8, bool, &str)> {
    let marks = [("RC", -1, true), ("RD", 1, true), ("C", 1, false), ("D", -1, false)];
    marks.into_iter().find_map(|(mark, sign, reversal)| Some((sign, reversal, text.strip_prefix(mark)?)))
}

/// The payer's reference, the bank's behind `//`, and what some banks put beside them: blanks fill the reference up, then a name follows.
fn references(text: &str) -> (&str, &str, &str) {
    match text.split_once("//") {
        Some((reference, bank)) => (reference, bank, ""),
        None => match text.split_once("  ") {
            Some((reference, aside)) => (reference, "", aside),
            None => (text, "", ""),
        },
    }
}

fn known(reference: &str) -> Option<String> {
    given(reference).filter(|reference| !NO_REFERENCE.contains(&reference.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::tags::fields;
    use super::*;

    fn read(text: &str) -> Result<Booking, String> {
        let text = format!(":61:{text}");
        let field = fields(&text).next().expect("a field");
        Booking::read(&field).map_err(|error| error.to_string())
    }

    #[test]
    fn marks_make_signs() {
        for (mark, amount, reversal) in [
            ("C", "5.00", false),
            ("D", "-5.00", false),
            ("RC", "-5.00", true),
            ("RD", "5.00", true),
            ("CR", "5.00", false),
            ("DR", "-5.00", false),
            ("RCR", "-5.00", true),
            ("DF", "-5.00", false),
        ] {
            let booking = read(&format!("2401020102{mark}5,NTRFX")).expect(mark);
            assert_eq!((booking.amount.to_string().as_str(), booking.reversal), (amount, reversal), "{mark}");
        }
    }

    #[test]
    fn entry_dates_may_be_left_out() {
        for (dates, booked) in [("240102", "2024-01-02"), ("240102    ", "2024-01-02"), ("2401021231", "2023-12-31")] {
            assert_eq!(read(&format!("{dates}C1,00NTRFX")).expect(dates).entry_day.to_string(), booked);
        }
    }

    #[test]
    fn references_and_what_stands_beside_them() {
        for (text, reference, bank, name) in [
            ("NTRFINV-1//B-1", Some("INV-1"), Some("B-1"), None),
            ("NTRFNONREF//B-1\nCard payment", None, Some("B-1"), None),
            ("NTRFKREF+//", None, None, None),
            ("N0600733959555      PHONE CO", Some("0733959555"), None, Some("PHONE CO")),
            ("NOVBNL47INGB9999999999", Some("NL47INGB9999999999"), None, None),
            ("S   X", Some("X"), None, None),
            ("NCHK", None, None, None),
            ("", None, None, None),
        ] {
            let booking = read(&format!("240102C1,00{text}")).expect(text);
            let found = (booking.reference.as_deref(), booking.bank_reference.as_deref(), booking.name.as_deref());
            assert_eq!(found, (reference, bank, name), "{text}");
            assert_eq!(booking.below, text.lines().skip(1).collect::<Vec<_>>(), "{text}");
        }
    }

    #[test]
    fn what_is_refused() {
        for (text, what) in [
            ("", "too short"),
            ("24010", "too short"),
            ("241302C1,00NTRF", "value date"),
            ("2401021301C1,00NTRF", "entry date"),
            ("240102X1,00NTRF", "none of C, D, RC and RD"),
            ("240102CXX1,00NTRF", "the amount"),
            ("240102C100NTRF", "the amount"),
            ("240102C1,0,0NTRF", "the amount"),
            ("ünïcödé", "value date"),
        ] {
            let error = read(text).err().expect(text);
            assert!(error.starts_with("line 1, :61:") && error.contains(what), "{text}: {error}");
        }
    }
}
