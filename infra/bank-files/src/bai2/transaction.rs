//! Record 16, a transaction.

use ledger::{BankLine, Currency, Day};

use super::records::Record;
use crate::BankFileError;
use crate::error::Excerpt;
use crate::notation::{given, joined, kept_if_given, minor_units, short_day};

/// The type of records that carry words only.
const NON_MONETARY: u16 = 890;
/// Types that take an earlier transaction back.
const REVERSALS: [u16; 2] = [252, 552];

/// The line of a record in an account of a currency, on the day that its group reports; none when it is not about money.
///
/// # Errors
/// [`BankFileError::Unreadable`] when its type is neither a credit nor a debit, or a field is not what it should be.
pub(super) fn line(record: &Record<'_>, currency: Currency, as_of: Day) -> Result<Option<BankLine>, BankFileError> {
    let kind = kind(record)?;
    if kind == NON_MONETARY {
        return Ok(None);
    }
    let received = match kind {
        100..=399 | 720..=759 | 920..=959 => true,
        400..=699 | 760..=799 | 960..=999 => false,
        _ => return Err(record.refused(format!("type {kind:03} is neither a credit nor a debit"))),
    };
    let text = record.field(2);
    let amount = minor_units(text, currency)
        .ok_or_else(|| record.refused(format!("the amount, {}, is no whole number", Excerpt(text))))?;
    // The bank's reference stands behind the kind of funds and what that brings.
    let references = 4 + distribution(record, 3)?;
    let place = || record.place();
    Ok(Some(BankLine {
        booking_day: as_of,
        value_day: value_day(record)?.unwrap_or(as_of),
        amount: if received { amount } else { -amount },
        reference: kept_if_given(given(record.field(references + 1)), place)?,
        bank_reference: kept_if_given(given(record.field(references)), place)?,
        counterparty: None,
        counterparty_account: None,
        text: kept_if_given(joined([record.text_from(references + 2).as_str()]), place)?,
        reversal: REVERSALS.contains(&kind),
    }))
}

fn kind(record: &Record<'_>) -> Result<u16, BankFileError> {
    let text = record.field(1);
    let number = Some(text).filter(|text| text.len() == 3).and_then(|text| text.parse().ok());
    number.ok_or_else(|| record.refused(format!("the type, {}, is no number of three digits", Excerpt(text))))
}

/// The value date that funds of kind `V` bring.
fn value_day(record: &Record<'_>) -> Result<Option<Day>, BankFileError> {
    let text = record.field(4);
    if record.field(3) != "V" || text.is_empty() {
        return Ok(None);
    }
    let day = short_day(text);
    day.map(Some).ok_or_else(|| record.refused(format!("the value date, {}, is no date YYMMDD", Excerpt(text))))
}

/// How many fields follow the kind of funds at a place to say when they are available.
///
/// # Errors
/// [`BankFileError::Unreadable`] when there is no such kind.
pub(super) fn distribution(record: &Record<'_>, place: usize) -> Result<usize, BankFileError> {
    match record.field(place) {
        "" | "Z" | "0" | "1" | "2" => Ok(0),
        "V" => Ok(2),
        "S" => Ok(3),
        "D" => {
            // The number of pairs of days and amount, then the pairs.
            let text = record.field(place + 1);
            let pairs = text.parse::<u16>();
            let pairs = pairs.map_err(|_| record.refused(format!("{} is no number of days", Excerpt(text))))?;
            Ok(1 + 2 * usize::from(pairs))
        }
        other => Err(record.refused(format!("{} is no kind of funds", Excerpt(other)))),
    }
}
