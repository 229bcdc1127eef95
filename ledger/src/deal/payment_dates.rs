//! The dates on which a loan pays: an anchor, a cycle, and an end.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calendar::Day;

/// How far apart payments are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cycle {
    /// So many months, at least one. A day that a month does not have is its last.
    Months(u16),
    /// So many days, at least one.
    Days(u16),
}

/// The text is no cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cycle is an ISO 8601 period of 1 to 999 months, weeks or days, such as P1M")]
pub struct InvalidCycle;

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Months(months) => write!(f, "P{months}M"),
            Self::Days(days) => write!(f, "P{days}D"),
        }
    }
}

impl FromStr for Cycle {
    type Err = InvalidCycle;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let period = text.strip_prefix('P').ok_or(InvalidCycle)?;
        let count = |unit: char| {
            let digits = period.strip_suffix(unit)?;
            digits.parse::<u16>().ok().filter(|count| (1..=999).contains(count) && !digits.starts_with('+'))
        };
        let months = count('M').or_else(|| count('Y').map(|years| years * 12)).map(Self::Months);
        months
            .or_else(|| count('W').map(|weeks| Self::Days(weeks * 7)))
            .or_else(|| count('D').map(Self::Days))
            .ok_or(InvalidCycle)
    }
}

text_form!(Cycle, {"type": "string", "pattern": "^P[0-9]{1,3}[YMWD]$"});

/// The dates of a cycle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PaymentDates {
    /// The first.
    pub anchor: Day,
    /// How far apart they are.
    pub cycle: Cycle,
    /// Whether an anchor on the last day of its month means the last day of every month.
    pub end_of_month: bool,
    /// What becomes of the last period where the end is not on a date.
    pub stub: Stub,
}

/// The last period, where it is not a whole one.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stub {
    /// It stands alone, and is shorter than the others.
    #[default]
    Short,
    /// It is joined with the one before, which makes a longer one.
    Long,
}

impl PaymentDates {
    /// Those before an end, or all.
    pub fn before(self, end: Option<Day>) -> impl Iterator<Item = Day> {
        let mut dates = self.iter().peekable();
        std::iter::from_fn(move || {
            let date = dates.next()?;
            let Some(end) = end else { return Some(date) };
            let joins_the_last = self.stub == Stub::Long && dates.peek().is_some_and(|next| *next > end);
            (date < end && !joins_the_last).then_some(date)
        })
    }

    /// All of them, without an end, counted from the anchor: the 31st stays the 31st after a February.
    pub fn iter(self) -> impl Iterator<Item = Day> {
        (0..).map(move |nth: i32| match self.cycle {
            Cycle::Days(days) => Day::from_days(self.anchor.days() + nth * i32::from(days)),
            Cycle::Months(months) => {
                let (month, day) = (self.anchor.month(), self.anchor.day_of_month());
                let month = month.plus(nth * i32::from(months));
                let last = month.last_day();
                let is_last = self.end_of_month && self.anchor == self.anchor.month().last_day();
                if is_last || day > last.day_of_month() {
                    last
                } else {
                    Day::from_days(month.first_day().days() + day - 1)
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(anchor: &str, cycle: &str, end_of_month: bool) -> String {
        let (anchor, cycle) = (anchor.parse().expect("a day"), cycle.parse().expect("a cycle"));
        let dates = PaymentDates { anchor, cycle, end_of_month, stub: Stub::Short };
        dates.iter().take(4).map(|day| day.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn dates_are_counted_from_the_anchor() {
        assert_eq!(dates("2026-01-31", "P1M", false), "2026-01-31 2026-02-28 2026-03-31 2026-04-30");
        assert_eq!(dates("2026-02-28", "P1M", false), "2026-02-28 2026-03-28 2026-04-28 2026-05-28");
        assert_eq!(dates("2026-02-28", "P1M", true), "2026-02-28 2026-03-31 2026-04-30 2026-05-31");
        assert_eq!(dates("2026-01-15", "P3M", false), "2026-01-15 2026-04-15 2026-07-15 2026-10-15");
        assert_eq!(dates("2026-01-15", "P1Y", false), "2026-01-15 2027-01-15 2028-01-15 2029-01-15");
        assert_eq!(dates("2026-01-15", "P2W", false), "2026-01-15 2026-01-29 2026-02-12 2026-02-26");
    }

    #[test]
    fn the_last_period_is_short_or_long() {
        let until = |stub, end: &str| {
            let (anchor, cycle) = ("2026-01-01".parse().expect("a day"), Cycle::Months(1));
            let dates = PaymentDates { anchor, cycle, end_of_month: false, stub };
            dates.before(end.parse().ok()).map(|day| day.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(until(Stub::Short, "2026-03-15"), "2026-01-01 2026-02-01 2026-03-01");
        assert_eq!(until(Stub::Long, "2026-03-15"), "2026-01-01 2026-02-01");
        assert_eq!(until(Stub::Long, "2026-03-01"), "2026-01-01 2026-02-01");
    }

    #[test]
    fn cycles_in_text() {
        assert_eq!("P12M".parse::<Cycle>().map(|cycle| cycle.to_string()), Ok("P12M".to_owned()));
        for bad in ["", "P", "1M", "P0M", "P1000D", "P+1M", "P1H", "P-1M"] {
            assert_eq!(bad.parse::<Cycle>(), Err(InvalidCycle), "{bad}");
        }
    }
}
