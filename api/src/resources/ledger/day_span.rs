//! The days that a report is about.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::problem::{Problem, ProblemCode};

/// The first year of days that a report can name. What is older is not in any books of ours.
const YEAR_MIN: i16 = 1;

/// The length of a month such as `2027-01`.
const MONTH_LENGTH: usize = 7;

/// A span of days, both included; open where a bound is missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DaySpan {
    /// The first day; from the beginning when missing.
    pub from: Option<Date>,
    /// The last day; to the end when missing.
    pub to: Option<Date>,
}

impl DaySpan {
    /// The span between two bounds, if it is one.
    ///
    /// # Errors
    /// A [`Problem`] with the code `invalid_query` when `from` comes after `to`, or a day is out of bounds.
    pub fn of(from: Option<Date>, to: Option<Date>) -> Result<Self, Problem> {
        check_day(from)?;
        check_day(to)?;
        match (from, to) {
            (Some(from), Some(to)) if to < from => {
                let detail = format!("to ({to}) must not come before from ({from}).");
                Err(Problem::new(ProblemCode::InvalidQuery, detail))
            }
            _ => Ok(Self { from, to }),
        }
    }

    /// The days of a month such as `2027-01`.
    ///
    /// # Errors
    /// A [`Problem`] with the code `invalid_query` when it is none, or out of bounds.
    pub fn of_month(month: &str) -> Result<Self, Problem> {
        // Other forms of a day end in the same digits.
        let whole = (month.len() == MONTH_LENGTH).then(|| format!("{month}-01"));
        let first = whole.and_then(|day| day.parse::<Date>().ok()).ok_or_else(|| {
            Problem::new(ProblemCode::InvalidQuery, format!("{month:?} is not a month such as 2027-01."))
        })?;
        Self::of(Some(first), Some(first.last_of_month()))
    }
}

/// Whether a day is one that the database and other programs can tell.
///
/// # Errors
/// A [`Problem`] with the code `invalid_query` when its year is before year 1.
pub fn check_day(day: Option<Date>) -> Result<(), Problem> {
    match day {
        Some(day) if day.year() < YEAR_MIN => {
            Err(Problem::new(ProblemCode::InvalidQuery, format!("{day} is before the year {YEAR_MIN}.")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_span_runs_forward() {
        let (first, last) = (date(2037, 1, 1), date(2037, 1, 31));
        for (from, to) in [(None, None), (Some(first), None), (Some(first), Some(first)), (Some(first), Some(last))] {
            assert_eq!(DaySpan::of(from, to).unwrap(), DaySpan { from, to });
        }
        for (from, to) in [(Some(last), Some(first)), (Some(date(-4, 1, 1)), None), (None, Some(date(0, 1, 1)))] {
            assert_eq!(DaySpan::of(from, to).unwrap_err().code(), ProblemCode::InvalidQuery);
        }
    }

    #[test]
    fn a_month_is_its_days() {
        let february = DaySpan { from: Some(date(2036, 2, 1)), to: Some(date(2036, 2, 29)) };
        assert_eq!(DaySpan::of_month("2036-02").unwrap(), february);
        for bad in ["", "2036", "2036-2", "2036-13", "2036-00", "202602", "0000-01", "-001-01", "2036-02-01"] {
            assert_eq!(DaySpan::of_month(bad).unwrap_err().code(), ProblemCode::InvalidQuery, "{bad}");
        }
    }
}
