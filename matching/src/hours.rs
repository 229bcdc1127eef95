//! The time quantum of the exchange: UTC-aligned delivery hours, and windows of them.

use std::fmt;
use std::str::FromStr;

use ledger::{Day, Instant};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

const MICROS_PER_HOUR: i64 = 3_600_000_000;
const HOURS_PER_DAY: u32 = 24;

/// A delivery hour, or a boundary between two: hours since 1970-01-01T00:00:00Z.
///
/// Text form (also in JSON): the RFC 3339 time at which it starts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(u32);

/// The text is not a time that starts an hour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an RFC 3339 time on the hour, such as 2027-01-01T00:00:00Z")]
pub struct NotAnHour(String);

impl Hour {
    /// The hour `hours` after the start of Unix time.
    pub const fn from_hours(hours: u32) -> Self {
        Self(hours)
    }

    /// Hours since the start of Unix time.
    pub const fn hours(self) -> u32 {
        self.0
    }

    /// The hour that contains `instant`.
    pub fn containing(instant: Instant) -> Self {
        // In range: instants end with the year 9999, 70 million hours after the epoch.
        Self(u32::try_from(instant.micros() / MICROS_PER_HOUR).unwrap_or(u32::MAX))
    }

    /// The hour's first instant.
    pub fn start(self) -> Instant {
        Instant::from_micros(i64::from(self.0) * MICROS_PER_HOUR)
    }

    /// The day that the hour starts on.
    pub fn day(self) -> Day {
        Day::from_days(i32::try_from(self.0 / HOURS_PER_DAY).unwrap_or(i32::MAX))
    }

    /// The hour `hours` later.
    #[must_use]
    pub const fn plus(self, hours: u32) -> Self {
        Self(self.0.saturating_add(hours))
    }
}

impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.start(), f)
    }
}

ledger::text_form!(Hour, {"type": "string", "format": "date-time"});

impl FromStr for Hour {
    type Err = NotAnHour;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let instant: Instant = text.parse().map_err(|_| NotAnHour(text.to_owned()))?;
        let hour = Self::containing(instant);
        if hour.start() == instant { Ok(hour) } else { Err(NotAnHour(text.to_owned())) }
    }
}

/// A non-empty range of hours, `[start, end)`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub struct Window {
    start: Hour,
    end: Hour,
}

/// Why two hours do not bound a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWindow {
    /// The end is the start.
    #[error("the window is empty: it ends when it starts")]
    Empty,
    /// The end is before the start.
    #[error("the window is reversed: it ends before it starts")]
    Reversed,
    /// Longer than [`Window::HOURS_MAX`].
    #[error("the window is longer than {max} hours", max = Window::HOURS_MAX)]
    TooLong,
}

impl Window {
    /// The longest window: ten years of hours.
    pub const HOURS_MAX: u32 = 87_672;

    /// The hours from `start` until `end`.
    ///
    /// # Errors
    /// [`InvalidWindow`] when there are none or more than [`Window::HOURS_MAX`].
    pub fn new(start: Hour, end: Hour) -> Result<Self, InvalidWindow> {
        if start == end {
            Err(InvalidWindow::Empty)
        } else if end < start {
            Err(InvalidWindow::Reversed)
        } else if end.0 - start.0 > Self::HOURS_MAX {
            Err(InvalidWindow::TooLong)
        } else {
            Ok(Self { start, end })
        }
    }

    /// The first hour.
    pub const fn start(self) -> Hour {
        self.start
    }

    /// The hour after the last.
    pub const fn end(self) -> Hour {
        self.end
    }

    /// How many hours: 1 to [`Window::HOURS_MAX`].
    pub const fn hours(self) -> u32 {
        self.end.0 - self.start.0
    }

    /// Whether every hour of `other` is in this window.
    pub fn covers(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether some hour is in both windows.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.start, self.end)
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Bounds {
            start: Hour,
            end: Hour,
        }
        let Bounds { start, end } = Bounds::deserialize(deserializer)?;
        Self::new(start, end).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_in_text() {
        let hour: Hour = "2027-01-01T05:00:00Z".parse().expect("on the hour");
        assert_eq!(hour.to_string(), "2027-01-01T05:00:00Z");
        assert_eq!(hour.day().to_string(), "2027-01-01");
        assert!("2027-01-01T05:30:00Z".parse::<Hour>().is_err());
        assert!("2027-01-01T05:00:00.000001Z".parse::<Hour>().is_err());
    }

    #[test]
    fn windows_are_never_empty() {
        let hour = Hour::from_hours;
        assert_eq!(Window::new(hour(5), hour(5)), Err(InvalidWindow::Empty));
        assert_eq!(Window::new(hour(6), hour(5)), Err(InvalidWindow::Reversed));
        assert_eq!(Window::new(hour(0), hour(Window::HOURS_MAX + 1)), Err(InvalidWindow::TooLong));
        let window = Window::new(hour(5), hour(8)).expect("three hours");
        assert_eq!(window.hours(), 3);
        let touching = Window::new(hour(8), hour(9)).expect("one hour");
        assert!(!window.overlaps(touching) && !window.covers(touching) && window.covers(window));
    }
}
