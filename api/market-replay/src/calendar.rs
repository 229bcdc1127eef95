//! The replay's time: whole hours since its origin, on which both recordings are laid.

use jiff::{SignedDuration, Timestamp};

/// Seconds in an hour, the exchange's quantum of time.
pub(super) const SECONDS_PER_HOUR: u64 = 3600;
/// Hours in a day of observations.
pub(super) const HOURS_PER_DAY: u32 = 24;
/// Providers reprice weekly.
pub(super) const DAYS_PER_WEEK: u32 = 7;
/// Hours in a week, counted from the origin.
pub(super) const HOURS_PER_WEEK: u32 = DAYS_PER_WEEK * HOURS_PER_DAY;

/// Hours `[start, end)` since the origin; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HourSpan {
    /// The first hour.
    pub start: u32,
    /// The hour after the last.
    pub end: u32,
}

impl HourSpan {
    /// The whole hours that cover the seconds from `start` to `end`: start rounded down, end rounded up, one hour
    /// at least. Nothing where that is beyond what an hour number holds (490,000 years).
    pub fn outward(start: u64, end: u64) -> Option<Self> {
        let start = u32::try_from(start / SECONDS_PER_HOUR).ok()?;
        let end = u32::try_from(end.div_ceil(SECONDS_PER_HOUR)).ok()?;
        Some(Self { start, end: end.max(start.checked_add(1)?) })
    }

    /// Hours in the span.
    pub fn hours(self) -> u32 {
        self.end - self.start
    }

    /// GPU-hours of so many GPUs over the span.
    pub fn gpu_hours(self, gpus: u32) -> u64 {
        u64::from(gpus) * u64::from(self.hours())
    }

    /// The week since the origin in which the span starts.
    pub(super) fn week(self) -> u32 {
        self.start / HOURS_PER_WEEK
    }
}

/// A delivery window in absolute time, on the hour at both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first instant.
    pub start: Timestamp,
    /// The instant after the last.
    pub end: Timestamp,
}

/// The instant at which both recordings start: trace second 0 and the first day of observations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin(Timestamp);

impl Origin {
    /// The origin at `start`, which must be on a UTC hour; nothing otherwise.
    pub fn new(start: Timestamp) -> Option<Self> {
        let on_the_hour =
            start.as_second().rem_euclid(SECONDS_PER_HOUR.cast_signed()) == 0 && start.subsec_nanosecond() == 0;
        on_the_hour.then_some(Self(start))
    }

    /// The span in absolute time; nothing where that is past the last instant of the calendar (year 9999).
    pub fn window(self, span: HourSpan) -> Option<Window> {
        let at = |hour| self.0.checked_add(SignedDuration::from_hours(i64::from(hour))).ok();
        Some(Window { start: at(span.start)?, end: at(span.end)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: u64, end: u64) -> (u32, u32) {
        let span = HourSpan::outward(start, end).unwrap();
        (span.start, span.end)
    }

    #[test]
    fn seconds_are_rounded_outwards_to_hours() {
        assert_eq!(span(0, 3600), (0, 1));
        assert_eq!(span(1, 3599), (0, 1));
        assert_eq!(span(3599, 3601), (0, 2));
        assert_eq!(span(3600, 3601), (1, 2));
        assert_eq!(span(7200, 7200), (2, 3));
        assert!(HourSpan::outward(0, u64::MAX).is_none());
    }

    #[test]
    fn spans_are_laid_on_the_origin() {
        let origin = Origin::new("2027-01-01T00:00:00Z".parse().unwrap()).unwrap();
        let window = origin.window(HourSpan { start: 24, end: 25 }).unwrap();
        assert_eq!(window.start.to_string(), "2027-01-02T00:00:00Z");
        assert_eq!(window.end.to_string(), "2027-01-02T01:00:00Z");
        let end = u32::MAX;
        assert!(origin.window(HourSpan { start: 0, end }).is_none());
    }

    #[test]
    fn the_origin_must_be_on_the_hour() {
        assert!(Origin::new("2027-01-01T05:00:00Z".parse().unwrap()).is_some());
        assert!(Origin::new("2027-01-01T05:30:00Z".parse().unwrap()).is_none());
        assert!(Origin::new("2027-01-01T05:00:00.5Z".parse().unwrap()).is_none());
    }
}
