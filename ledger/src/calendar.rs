//! Instants, calendar days and months, always UTC. Time is an argument here; nothing in this crate reads a clock.

use std::fmt;
use std::str::FromStr;

use crate::invariant::exact;

/// Point in time: microseconds since 1970-01-01T00:00:00Z, the resolution of the database.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(i64);

/// Error: the text is not an instant, day or month that the exchange can represent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a time as RFC 3339 has it in UTC, a day as YYYY-MM-DD or a month as YYYY-MM, whichever is asked for, between the years 1970 and 9999"
)]
pub struct InvalidTime(String);

impl Instant {
    /// Start of Unix time.
    pub const EPOCH: Self = Self(0);
    /// Last representable instant: 9999-12-30T00:00:00Z, so that every time zone can still write it in RFC 3339.
    pub const MAX: Self = Self(253_402_128_000_000_000);

    /// Returns the instant `micros` microseconds after the epoch. One outside [`Instant::EPOCH`]..=[`Instant::MAX`]
    /// violates [`Invariant::NumberFits`](crate::invariant::Invariant::NumberFits).
    pub fn from_micros(micros: i64) -> Self {
        exact(micros)
    }

    /// Returns the instant `micros` microseconds after the epoch, clamped to the first or the last one. For clocks and
    /// for bounds that may lie outside the range, such as a week before the first hour.
    pub fn nearest_to(micros: i64) -> Self {
        Self(micros.clamp(Self::EPOCH.0, Self::MAX.0))
    }

    /// Returns microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Returns the day that this instant falls on.
    pub fn day(self) -> Day {
        // In range: MAX is below 2³¹ days after the epoch.
        Day(exact(self.0.div_euclid(86_400_000_000)))
    }

    fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0)
            .unwrap_or_else(|_| unreachable!("an instant is before the year 10000"))
    }
}

/// Converts microseconds after the epoch; fails where there is no instant.
impl TryFrom<i64> for Instant {
    type Error = InvalidTime;

    fn try_from(micros: i64) -> Result<Self, Self::Error> {
        let instant = Self::nearest_to(micros);
        if instant.0 == micros { Ok(instant) } else { Err(InvalidTime(micros.to_string())) }
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.timestamp(), f)
    }
}

text_form!(Instant, {"type": "string", "format": "date-time"});

impl FromStr for Instant {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let timestamp: jiff::Timestamp = text.parse().map_err(|_| InvalidTime(text.to_owned()))?;
        let micros = timestamp.as_microsecond();
        // Finer than a microsecond cannot be kept, and dropping it would name another time.
        let exact = timestamp.subsec_nanosecond() % 1_000 == 0;
        if !exact || !(Self::EPOCH.0..=Self::MAX.0).contains(&micros) {
            return Err(InvalidTime(text.to_owned()));
        }
        Ok(Self(micros))
    }
}

/// Calendar day in UTC, as days since 1970-01-01. Journal entries are dated by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// Returns the day `days` after 1970-01-01.
    pub const fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// Returns days since 1970-01-01.
    pub const fn days(self) -> i32 {
        self.0
    }

    /// Returns the day after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Returns the month that the day is in.
    pub fn month(self) -> Month {
        let Date { year, month, .. } = self.date();
        Month(year * 12 + month - 1)
    }

    /// Returns the first day of a year.
    pub fn first_of_year(year: i32) -> Self {
        Month(year * 12).first_day()
    }

    /// Returns the calendar year that the day is in.
    pub fn year(self) -> i32 {
        self.date().year
    }

    /// Returns the month in the year, 1 to 12.
    pub fn month_of_year(self) -> i32 {
        self.date().month
    }

    /// Returns the day of the month, 1 to 31.
    pub fn day_of_month(self) -> i32 {
        self.date().day
    }

    /// Computes year, month and day. Years begin with March here, so that a leap day is the last of its year.
    fn date(self) -> Date {
        let days = i64::from(self.0) + DAYS_BEFORE_1970;
        let (cycle, days) = (days.div_euclid(DAYS_OF_400_YEARS), days.rem_euclid(DAYS_OF_400_YEARS));
        // Without the leap days before it, the days of a cycle fall into years of 365.
        let year = (days - days / 1_460 + days / 36_524 - days / 146_096) / 365;
        let day = days - (365 * year + year / 4 - year / 100);
        let from_march = (5 * day + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Date {
            year: exact(cycle * 400 + year + i64::from(month <= 2)),
            month: exact(month),
            day: exact(day - (153 * from_march + 2) / 5 + 1),
        }
    }
}

/// Days from 0000-03-01 to 1970-01-01.
const DAYS_BEFORE_1970: i64 = 719_468;
/// Days after which the calendar repeats itself.
const DAYS_OF_400_YEARS: i64 = 146_097;

/// Date of the calendar. Month and day count from 1.
struct Date {
    year: i32,
    month: i32,
    day: i32,
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Date { year, month, day } = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

text_form!(Day, {"type": "string", "format": "date"});

impl FromStr for Day {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let date: jiff::civil::Date = text.parse().map_err(|_| InvalidTime(text.to_owned()))?;
        let month = Month(i32::from(date.year()) * 12 + i32::from(date.month()) - 1);
        Ok(Self(month.first_day().0 + i32::from(date.day()) - 1))
    }
}

/// Calendar month in UTC, as months since the start of year 0; as text `2027-01`. The books close by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(i32);

impl Month {
    /// Returns the month after it.
    #[must_use]
    pub const fn next(self) -> Self {
        self.plus(1)
    }

    /// Returns the month `months` later, or earlier where that is negative.
    #[must_use]
    pub const fn plus(self, months: i32) -> Self {
        Self(self.0 + months)
    }

    /// Counts the months until a later one; zero when it is not later.
    pub fn months_until(self, later: Self) -> u32 {
        exact((later.0 - self.0).max(0))
    }

    /// Returns the first day of the month.
    pub fn first_day(self) -> Day {
        let from_march = i64::from(self.0) - 2;
        let (year, month) = (from_march.div_euclid(12), from_march.rem_euclid(12));
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        Day(exact(365 * year + leap_days + (153 * month + 2) / 5 - DAYS_BEFORE_1970))
    }

    /// Returns the last day of the month.
    pub fn last_day(self) -> Day {
        Day(self.next().first_day().0 - 1)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}

text_form!(Month, {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"});

impl FromStr for Month {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let first: Day = format!("{text}-01").parse().map_err(|_| InvalidTime(text.to_owned()))?;
        // Accepts only the form that is written.
        let month = first.month();
        if month.to_string() == text { Ok(month) } else { Err(InvalidTime(text.to_owned())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_in_text() {
        let instant: Instant = "2027-01-01T00:00:00Z".parse().expect("valid");
        assert_eq!(instant.to_string(), "2027-01-01T00:00:00Z");
        assert_eq!(instant.day().to_string(), "2027-01-01");
        assert_eq!("2027-01-01T02:00:00+02:00".parse(), Ok(instant), "offsets are converted");
        assert!("2027-01-01".parse::<Instant>().is_err(), "a day is not an instant");
        assert!("2027-01-01T00:00:00.0000009Z".parse::<Instant>().is_err(), "finer than a microsecond");
        assert!("1969-12-31T23:59:59Z".parse::<Instant>().is_err());
        assert_eq!(Instant::MAX.to_string().parse(), Ok(Instant::MAX));
    }

    #[test]
    fn days_in_text() {
        for text in ["1970-01-01", "2024-02-29", "2027-12-31"] {
            assert_eq!(text.parse::<Day>().map(|day| day.to_string()), Ok(text.to_owned()));
        }
        assert_eq!("2027-01-01".parse(), Ok(Day(20_819)));
        assert_eq!(Day(20_819).month().to_string(), "2027-01");
        assert_eq!(Day(20_818).month().to_string(), "2026-12");
        assert_eq!(Day(20_818).month().next(), Day(20_819).month());
        for day in ["2027-01-01", "2028-02-01", "2026-12-01"] {
            let day: Day = day.parse().expect("valid");
            assert_eq!(day.month().first_day(), day);
        }
    }

    /// Another library's calendar, on every day from year 0 to 9999.
    #[test]
    fn the_calendar_is_the_usual_one() {
        let mut date = jiff::civil::date(0, 1, 1);
        let mut day: Day = "0000-01-01".parse().expect("a day");
        while date < jiff::civil::date(9999, 12, 31) {
            let Date { year, month, day: in_month } = day.date();
            let expected = (i32::from(date.year()), i32::from(date.month()), i32::from(date.day()));
            assert_eq!((year, month, in_month), expected);
            assert_eq!(day.month().first_day().0 + in_month - 1, day.0);
            (date, day) = (date.tomorrow().expect("a day"), day.next());
        }
        assert_eq!((day.to_string(), day.next().to_string()), ("9999-12-31".to_owned(), "10000-01-01".to_owned()));
    }

    #[test]
    fn no_instant_is_made_of_what_is_none() {
        for micros in [0, Instant::MAX.0] {
            assert_eq!(crate::checked(|| Instant::from_micros(micros).micros()), Ok(micros));
        }
        for (micros, nearest) in [(-1, Instant::EPOCH), (Instant::MAX.0 + 1, Instant::MAX)] {
            assert!(crate::checked(|| Instant::from_micros(micros)).is_err(), "{micros}");
            assert_eq!(Instant::nearest_to(micros), nearest);
        }
    }

    #[test]
    fn months_in_text() {
        for (text, last) in [("2027-01", "2027-01-31"), ("2028-02", "2028-02-29"), ("2026-12", "2026-12-31")] {
            let month: Month = text.parse().expect("valid");
            assert_eq!((month.to_string(), month.last_day().to_string()), (text.to_owned(), last.to_owned()));
        }
        for bad in ["", "2027", "2027-13", "2027-1", "2027-01-01", "202701"] {
            assert!(bad.parse::<Month>().is_err(), "{bad}");
        }
    }
}
