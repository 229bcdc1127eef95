//! Instants and calendar days, always UTC. Time is an argument here; nothing in this crate reads a clock.

use std::fmt;
use std::str::FromStr;

use crate::exact;

/// A point in time: microseconds since 1970-01-01T00:00:00Z, the resolution of the database.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(i64);

/// The text is not an instant or day that the exchange can represent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a time as RFC 3339 has it in UTC, a day as YYYY-MM-DD or a month as YYYY-MM, whichever is asked for, between the years 1970 and 9999"
)]
pub struct InvalidTime(String);

impl Instant {
    /// The start of Unix time.
    pub const EPOCH: Self = Self(0);
    /// The last representable instant: 9999-12-30T00:00:00Z, so that every time zone can still write it in RFC 3339.
    pub const MAX: Self = Self(253_402_128_000_000_000);

    /// The instant `micros` microseconds after the epoch, held to the range [`Instant::EPOCH`]..=[`Instant::MAX`].
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(Self::EPOCH.0, Self::MAX.0))
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The day that this instant falls on.
    pub fn day(self) -> Day {
        // In range: MAX is below 2³¹ days after the epoch.
        Day(exact(self.0.div_euclid(86_400_000_000)))
    }

    fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::MAX)
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
        // What is finer than a microsecond cannot be kept, and dropping it would make another time of it.
        let exact = timestamp.subsec_nanosecond() % 1_000 == 0;
        if !exact || !(Self::EPOCH.0..=Self::MAX.0).contains(&micros) {
            return Err(InvalidTime(text.to_owned()));
        }
        Ok(Self(micros))
    }
}

/// A calendar day in UTC, as days since 1970-01-01. Journal entries are dated by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// The day `days` after 1970-01-01.
    pub const fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    pub const fn days(self) -> i32 {
        self.0
    }

    /// The day after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The month that the day is in.
    pub fn month(self) -> Month {
        let date = self.civil();
        Month(i32::from(date.year()) * 12 + i32::from(date.month()) - 1)
    }

    /// The first day of a year.
    pub fn first_of_year(year: i32) -> Self {
        Month(year * 12).first_day()
    }

    /// Its year.
    pub fn year(self) -> i32 {
        i32::from(self.civil().year())
    }

    /// Its month in the year, from 1.
    pub fn month_of_year(self) -> i32 {
        i32::from(self.civil().month())
    }

    /// Its place in the month, from 1.
    pub fn day_of_month(self) -> i32 {
        i32::from(self.civil().day())
    }

    fn of(date: jiff::civil::Date) -> Self {
        // In range: jiff's dates lie within ten thousand years.
        let span = date.since(jiff::civil::date(1970, 1, 1)).unwrap_or_default();
        Self(span.get_days())
    }

    fn civil(self) -> jiff::civil::Date {
        jiff::civil::date(1970, 1, 1).saturating_add(jiff::Span::new().days(self.0))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.civil(), f)
    }
}

text_form!(Day, {"type": "string", "format": "date"});

impl FromStr for Day {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let date: jiff::civil::Date = text.parse().map_err(|_| InvalidTime(text.to_owned()))?;
        Ok(Self::of(date))
    }
}

/// A calendar month in UTC, as months since the start of year 0; in text `2027-01`. The books close by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(i32);

impl Month {
    /// The month after it.
    #[must_use]
    pub const fn next(self) -> Self {
        self.plus(1)
    }

    /// The month so many months later, or earlier.
    #[must_use]
    pub const fn plus(self, months: i32) -> Self {
        Self(self.0 + months)
    }

    /// How many months later another one is; zero when it is not later.
    pub fn months_until(self, later: Self) -> u32 {
        exact((later.0 - self.0).max(0))
    }

    /// Its first day.
    pub fn first_day(self) -> Day {
        let (year, month): (i16, i8) = (exact(self.0.div_euclid(12)), exact(self.0.rem_euclid(12) + 1));
        let first = jiff::civil::Date::new(year, month, 1).unwrap_or(jiff::civil::Date::MAX);
        Day::of(first)
    }

    /// Its last day.
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
        // One form only, the one that is written.
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
