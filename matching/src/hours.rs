//! Time quantum of the exchange: UTC-aligned delivery hours, and windows of them.

use std::fmt;
use std::str::FromStr;

use ledger::{Day, Instant, Month, exact, invariant};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

const MICROS_PER_HOUR: i64 = 3_600_000_000;
const HOURS_PER_DAY: u32 = 24;

/// Delivery hour, or a boundary between two: hours since 1970-01-01T00:00:00Z.
///
/// Text form (also in JSON): the RFC 3339 time at which it starts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(u32);

/// Error: the text is not a time that starts an hour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an RFC 3339 time on the hour, such as 2027-01-01T00:00:00Z")]
pub struct NotAnHour(String);

impl Hour {
    /// Returns the hour `hours` after the start of Unix time.
    pub const fn from_hours(hours: u32) -> Self {
        Self(hours)
    }

    /// Returns hours since the start of Unix time.
    pub const fn hours(self) -> u32 {
        self.0
    }

    /// Returns the hour that contains `instant`.
    pub fn containing(instant: Instant) -> Self {
        // In range: instants end with the year 9999, 70 million hours after the epoch.
        Self(exact(instant.micros() / MICROS_PER_HOUR))
    }

    /// Returns the hour's first instant. A bid in a log of an earlier release may end after the last instant; that is
    /// then its end.
    pub fn start(self) -> Instant {
        Instant::nearest_to(i64::from(self.0) * MICROS_PER_HOUR)
    }

    /// Returns the day that the hour starts on.
    pub fn day(self) -> Day {
        Day::from_days(exact(self.0 / HOURS_PER_DAY))
    }

    /// Returns the first hour of a month.
    pub(crate) fn first_of(month: Month) -> Self {
        Self::first_of_day(month.first_day())
    }

    /// Returns the first hour of a day.
    pub(crate) fn first_of_day(day: Day) -> Self {
        Self(exact::<_, u32>(day.days()) * HOURS_PER_DAY)
    }

    /// Returns the hour `hours` earlier, not before the first.
    #[must_use]
    pub fn back(self, hours: u32) -> Self {
        Self(self.0 - hours.min(self.0))
    }

    /// Returns the hour `hours` later.
    #[must_use]
    pub const fn plus(self, hours: u32) -> Self {
        Self(self.0 + hours)
    }

    /// Counts the hours since an earlier one; 0 when that is not earlier.
    pub fn since(self, earlier: Self) -> u32 {
        self.0.max(earlier.0) - earlier.0
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

/// Range of hours, `[start, end)`, at least one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub struct Window {
    start: Hour,
    end: Hour,
}

/// Reason why two hours do not bound a window.
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
    /// The end is behind the last instant there is.
    #[error("the window ends after {end}", end = Instant::MAX)]
    TooLate,
    /// The range of starts is longer than [`TermWindow::FLEXIBILITY_MAX`].
    #[error("earliest and latest are more than {max} hours apart", max = TermWindow::FLEXIBILITY_MAX)]
    TooFlexible,
}

impl Window {
    /// Length of the longest window: ten years of hours.
    pub const HOURS_MAX: u32 = 87_672;

    /// Latest end of a window: 9999-12-30T00:00:00Z, the last instant.
    const END_MAX: Hour = Hour(70_389_480);

    /// Makes the window of the hours from `start`, inclusive, to `end`, exclusive.
    ///
    /// # Errors
    /// [`InvalidWindow`] when `end` is not after `start`, or there are more than [`Window::HOURS_MAX`] hours.
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

    /// Returns the first hour.
    pub const fn start(self) -> Hour {
        self.start
    }

    /// Returns the hour after the last.
    pub const fn end(self) -> Hour {
        self.end
    }

    /// Counts the hours: 1 to [`Window::HOURS_MAX`].
    pub const fn hours(self) -> u32 {
        self.end.0 - self.start.0
    }

    /// Makes the window between two bounds that are known to be apart by 1 to [`Window::HOURS_MAX`].
    pub(crate) fn between(start: Hour, end: Hour) -> Self {
        invariant!(
            start.0 < end.0 && end.0 - start.0 <= Self::HOURS_MAX,
            WindowInRange,
            "hours {} to {}",
            start.0,
            end.0
        );
        Self { start, end }
    }

    /// Returns the hours that are in both windows; `None` when there are none.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let (start, end) = (self.start.max(other.start), self.end.min(other.end));
        (start < end).then_some(Self { start, end })
    }

    /// Returns whether every hour of `other` is in this window.
    pub fn covers(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Returns whether some hour is in both windows.
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

/// Hours that a bid wants: an exact window, or a number of hours from any start in a range.
///
/// In JSON an exact one is `{start, end}`, a flexible one `{earliest, latest, hours}`, where `earliest` and `latest`
/// bound the start.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(into = "TermWindowForm")]
#[schemars(with = "TermWindowForm")]
pub struct TermWindow {
    earliest: Hour,
    latest: Hour,
    hours: u32,
}

/// Form in which a [`TermWindow`] is written.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum TermWindowForm {
    Exact(Window),
    Flexible { earliest: Hour, latest: Hour, hours: u32 },
}

impl TermWindow {
    /// Widest range of starts: three months of hours. Each start is a plan of its own.
    pub const FLEXIBILITY_MAX: u32 = 2_208;

    /// Makes a wish for `hours` hours from any start between `earliest` and `latest`, both included.
    ///
    /// # Errors
    /// [`InvalidWindow`] when there are no hours or too many, when the range of starts is empty or too wide, or when
    /// the latest window ends after the last instant.
    pub fn flexible(earliest: Hour, latest: Hour, hours: u32) -> Result<Self, InvalidWindow> {
        let window = Self::of_log(earliest, latest, hours)?;
        if window.hull().end > Window::END_MAX { Err(InvalidWindow::TooLate) } else { Ok(window) }
    }

    /// Makes a wish as the log has it: earlier releases took a bid whose window ends too late.
    fn of_log(earliest: Hour, latest: Hour, hours: u32) -> Result<Self, InvalidWindow> {
        if latest < earliest {
            return Err(InvalidWindow::Reversed);
        }
        if latest.0 - earliest.0 > Self::FLEXIBILITY_MAX {
            return Err(InvalidWindow::TooFlexible);
        }
        match hours {
            0 => return Err(InvalidWindow::Empty),
            1..=Window::HOURS_MAX => {}
            _ => return Err(InvalidWindow::TooLong),
        }
        Ok(Self { earliest, latest, hours })
    }

    /// Returns the first hour that it may start with.
    pub const fn earliest(self) -> Hour {
        self.earliest
    }

    /// Returns the last hour that it may start with.
    pub const fn latest(self) -> Hour {
        self.latest
    }

    /// Counts the hours wanted: 1 to [`Window::HOURS_MAX`].
    pub const fn hours(self) -> u32 {
        self.hours
    }

    /// Returns the window when only one is wanted; `None` for a range of starts.
    pub fn exact(self) -> Option<Window> {
        (self.earliest == self.latest).then(|| self.starting(self.earliest))
    }

    /// Returns the window that starts with `start`.
    pub const fn starting(self, start: Hour) -> Window {
        Window { start, end: start.plus(self.hours) }
    }

    /// Returns the window from the earliest start to the end of the latest.
    pub const fn hull(self) -> Window {
        Window { start: self.earliest, end: self.latest.plus(self.hours) }
    }
}

impl From<Window> for TermWindow {
    fn from(window: Window) -> Self {
        Self { earliest: window.start, latest: window.start, hours: window.hours() }
    }
}

impl From<TermWindow> for TermWindowForm {
    fn from(window: TermWindow) -> Self {
        let TermWindow { earliest, latest, hours } = window;
        window.exact().map_or(Self::Flexible { earliest, latest, hours }, Self::Exact)
    }
}

impl<'de> Deserialize<'de> for TermWindow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match TermWindowForm::deserialize(deserializer)? {
            TermWindowForm::Exact(window) => Ok(window.into()),
            TermWindowForm::Flexible { earliest, latest, hours } => {
                Self::of_log(earliest, latest, hours).map_err(serde::de::Error::custom)
            }
        }
    }
}

impl fmt::Display for TermWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exact() {
            Some(window) => fmt::Display::fmt(&window, f),
            None => write!(f, "{} hours starting in [{}, {}]", self.hours, self.earliest, self.latest),
        }
    }
}

impl fmt::Debug for TermWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
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
    fn term_windows_in_json() {
        let (exact, flexible) = (
            r#"{"start":"2027-01-01T00:00:00Z","end":"2027-01-02T00:00:00Z"}"#,
            r#"{"earliest":"2027-01-01T00:00:00Z","latest":"2027-01-08T00:00:00Z","hours":504}"#,
        );
        for text in [exact, flexible] {
            let window: TermWindow = serde_json::from_str(text).expect("a window");
            assert_eq!(serde_json::to_string(&window).expect("JSON"), text);
        }
        let hour = Hour::from_hours;
        assert_eq!(TermWindow::flexible(hour(5), hour(4), 1), Err(InvalidWindow::Reversed));
        assert_eq!(TermWindow::flexible(hour(5), hour(6), 0), Err(InvalidWindow::Empty));
        let far = hour(5 + TermWindow::FLEXIBILITY_MAX + 1);
        assert_eq!(TermWindow::flexible(hour(5), far, 1), Err(InvalidWindow::TooFlexible));
    }

    /// One that ended later would be written with another end, and an event with it could not be read again.
    #[test]
    fn windows_end_while_there_are_instants() {
        let last = Hour::containing(Instant::MAX);
        assert_eq!(last, Window::END_MAX);
        assert_eq!(TermWindow::flexible(last, last, 1), Err(InvalidWindow::TooLate));
        assert_eq!(TermWindow::flexible(last.back(2), last.back(1), 2), Err(InvalidWindow::TooLate));
        assert_eq!(TermWindow::flexible(last.back(2), last.back(1), u32::MAX), Err(InvalidWindow::TooLong));
        for (earliest, latest, hours) in [(last.back(1), last.back(1), 1), (last.back(5), last.back(3), 3)] {
            let window = TermWindow::flexible(earliest, latest, hours).expect("a window");
            let text = serde_json::to_string(&window).expect("JSON");
            assert_eq!(serde_json::from_str::<TermWindow>(&text).expect("as it was written"), window);
        }
        let of_earlier_releases = format!(r#"{{"earliest":"{}","latest":"{last}","hours":5}}"#, last.back(1));
        assert!(serde_json::from_str::<TermWindow>(&of_earlier_releases).is_ok());
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
