//! How banks write days and amounts.

use std::collections::BTreeSet;

use ledger::{Amount, BankText, Currency, Day};

use super::{BankFileError, Place};

/// Years of two digits above this are of the 1900s, as SWIFT has it.
const LAST_YEAR_OF_2000S: u32 = 79;

/// The day that `YYYY-MM-DD` names, alone, with a time after `T`, or with an offset, as XML has it. The day is taken as it is written.
pub(super) fn iso_day(text: &str) -> Option<Day> {
    let (date, rest) = text.trim().split_at_checked(10)?;
    let bytes = date.as_bytes();
    let digits = [0, 1, 2, 3, 5, 6, 8, 9].iter().all(|place| bytes[*place].is_ascii_digit());
    let ends_there = rest.is_empty() || rest.starts_with(['T', 'Z', '+', '-']);
    if !digits || bytes[4] != b'-' || bytes[7] != b'-' || !ends_there {
        return None;
    }
    date.parse().ok()
}

/// The day that `YYMMDD` names.
pub(super) fn short_day(text: &str) -> Option<Day> {
    let (year, rest) = (number(text.get(..2)?)?, text.get(2..)?);
    let century = if year > LAST_YEAR_OF_2000S { 1900 } else { 2000 };
    let (month, day) = (number(rest.get(..2)?)?, number(rest.get(2..)?)?);
    if text.len() != 6 {
        return None;
    }
    civil_day(century + year, month, day)
}

/// The day that `MMDD` names, in the year that brings it closest to another day.
pub(super) fn month_day(text: &str, near: Day) -> Option<Day> {
    if text.len() != 4 {
        return None;
    }
    let (month, day) = (number(text.get(..2)?)?, number(text.get(2..)?)?);
    let year: u32 = near.to_string().get(..4)?.parse().ok()?;
    let candidates = [year - 1, year, year + 1].into_iter().filter_map(|year| civil_day(year, month, day));
    candidates.min_by_key(|candidate| candidate.days().abs_diff(near.days()))
}

/// The day of a date. Banks that count 30 days to every month date interest to 29 and 30 February: that is the month's last day.
fn civil_day(year: u32, month: u32, day: u32) -> Option<Day> {
    let date = |day: u32| format!("{year:04}-{month:02}-{day:02}").parse::<Day>().ok();
    if month == 2 && (29..=30).contains(&day) { date(29).or_else(|| date(28)) } else { date(day) }
}

fn number(digits: &str) -> Option<u32> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// The amount that SWIFT writes with a comma: `84349,74`, `800,`, `000,1`; a comma there must be. No sign.
pub(super) fn comma_amount(text: &str) -> Option<Amount> {
    let (whole, fraction) = text.split_once(',')?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let fraction = if fraction.is_empty() { "0" } else { fraction };
    format!("{whole}.{fraction}").parse().ok()
}

/// The amount that BAI2 writes in a currency's smallest unit, with an optional sign: `+4350000` is 43500.00 dollars.
pub(super) fn minor_units(text: &str, currency: Currency) -> Option<Amount> {
    let units = signed_integer(text)?;
    let micros = units.checked_mul(10_i128.pow(6 - minor_unit_places(currency)))?;
    (micros.abs() <= Amount::BALANCE_MAX.micros()).then(|| Amount::from_micros(micros))
}

/// A whole number with an optional sign.
pub(super) fn signed_integer(text: &str) -> Option<i128> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let magnitude: i128 = digits.parse().ok()?;
    Some(if text.starts_with('-') { -magnitude } else { magnitude })
}

/// The decimal places of a currency's smallest unit (ISO 4217).
fn minor_unit_places(currency: Currency) -> u32 {
    match currency.as_str() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

/// The text without the blanks around it; none when nothing is left.
pub(super) fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The texts in one, with single blanks between words, each text once; none when nothing is left.
pub(super) fn joined<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<String> {
    joined_up_to(usize::MAX, texts)
}

/// The same of the first texts, those that come to at most so many bytes.
pub(super) fn joined_up_to<'a>(bytes_max: usize, texts: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut seen = BTreeSet::new();
    let mut whole = String::new();
    for text in texts {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if words.is_empty() || !seen.insert(words.clone()) {
            continue;
        }
        let blank = if whole.is_empty() { "" } else { " " };
        if whole.len() + blank.len() + words.len() > bytes_max {
            break;
        }
        whole.push_str(blank);
        whole.push_str(&words);
    }
    (!whole.is_empty()).then_some(whole)
}

/// A text that was found, as the statement keeps it.
///
/// # Errors
/// [`BankFileError::Unreadable`] at `place` when it cannot be kept.
pub(super) fn kept(text: &str, place: impl FnOnce() -> Place) -> Result<BankText, BankFileError> {
    BankText::parse(text).map_err(|error| BankFileError::unreadable(place(), error))
}

/// The same of a text that there may be.
///
/// # Errors
/// As [`kept`].
pub(super) fn kept_if_given(
    text: Option<String>,
    place: impl FnOnce() -> Place,
) -> Result<Option<BankText>, BankFileError> {
    text.map(|text| kept(&text, place)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(day: Option<Day>) -> Option<String> {
        day.map(|day| day.to_string())
    }

    #[test]
    fn days() {
        for (written, day) in [
            ("2015-01-21", Some("2015-01-21")),
            ("2015-01-21T23:59:59.000000000", Some("2015-01-21")),
            ("2015-01-21+01:00", Some("2015-01-21")),
            ("2015-02-30", None),
            ("2015-1-21", None),
            ("20150121", None),
            ("2015-01-211", None),
            ("ünïcödé-te", None),
        ] {
            assert_eq!(text(iso_day(written)).as_deref(), day, "{written}");
        }
        for (written, day) in [
            ("140829", Some("2014-08-29")),
            ("791231", Some("2079-12-31")),
            ("800101", Some("1980-01-01")),
            ("230230", Some("2023-02-28")),
            ("240230", Some("2024-02-29")),
            ("230231", None),
            ("231301", None),
            ("2301010", None),
            ("+30101", None),
            ("日本", None),
        ] {
            assert_eq!(text(short_day(written)).as_deref(), day, "{written}");
        }
    }

    #[test]
    fn days_without_a_year_are_near() {
        for (written, near, day) in [
            ("0102", "2023-12-30", Some("2024-01-02")),
            ("1230", "2024-01-02", Some("2023-12-30")),
            ("0229", "2024-03-01", Some("2024-02-29")),
            ("0000", "2024-03-01", None),
        ] {
            assert_eq!(text(month_day(written, near.parse().expect("a day"))).as_deref(), day, "{written}");
        }
    }

    #[test]
    fn amounts() {
        let amount = |amount: Option<Amount>| amount.map(|amount| amount.to_string());
        for (written, exact) in [
            ("84349,74", Some("84349.74")),
            ("000000000147,6", Some("147.60")),
            ("800,", Some("800.00")),
            ("0,123456", Some("0.123456")),
            ("0,1234567", None),
            (",5", None),
            ("800", None),
            ("1.000,00", None),
            ("-1,00", None),
        ] {
            assert_eq!(amount(comma_amount(written)).as_deref(), exact, "{written}");
        }
        for (written, currency, exact) in [
            ("+000000000208500", "CAD", Some("2085.00")),
            ("-500", "USD", Some("-5.00")),
            ("500", "JPY", Some("500.00")),
            ("500", "KWD", Some("0.50")),
            ("5.00", "USD", None),
            ("", "USD", None),
            ("+", "USD", None),
            ("99999999999999999999", "USD", None),
            ("9999999999999999999999999999999999999999999999", "USD", None),
        ] {
            let currency = currency.parse().expect("a currency");
            assert_eq!(amount(minor_units(written, currency)).as_deref(), exact, "{written}");
        }
    }
}
