//! The days that a report is about.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::problem::{Problem, ProblemCode};

/// The first year of days that a report can name. What is older is not in any books of ours.
const YEAR_MIN: i16 = 1;

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
}
