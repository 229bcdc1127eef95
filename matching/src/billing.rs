//! Billing: the periods of a contract, each of which is paid in advance.

use ledger::Instant;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hours::{Hour, TermWindow, Window};

/// Length up to which a contract is paid whole when it trades, in hours; also the length of a period of
/// [`Billing::Hours720`].
pub const PERIOD_HOURS: u32 = 720;
/// Longest period of a contract that is not paid whole, in hours: a month of 31 days.
const PERIOD_HOURS_MAX: u32 = 744;
/// Hours before a period at which its charge is first tried.
const CHARGE_AHEAD_HOURS: i64 = 168;
/// Hours after which a charge that could not be paid is tried again.
const CHARGE_AGAIN_HOURS: i64 = 24;
const MICROS_PER_HOUR: i64 = 3_600_000_000;

/// Rule by which a contract that is too long to be paid whole is cut into periods.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub enum Billing {
    /// Cuts every 720 hours from the contract's start.
    #[default]
    #[serde(rename = "hours_720")]
    Hours720,
    /// Cuts at every calendar month in UTC; the first and the last period may be parts of one.
    #[serde(rename = "calendar_month")]
    CalendarMonth,
}

impl Billing {
    /// Returns the name in the log and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hours720 => "hours_720",
            Self::CalendarMonth => "calendar_month",
        }
    }

    /// Returns the period that begins at `start`, which is the beginning of `window` or the end of the period before.
    pub fn period(self, window: Window, start: Hour) -> Window {
        let end = match self {
            _ if window.hours() <= PERIOD_HOURS => window.end(),
            Self::Hours720 => start.plus(PERIOD_HOURS),
            Self::CalendarMonth => Hour::first_of(start.day().month().next()),
        };
        Window::between(start, end.min(window.end()))
    }

    /// Returns the first period of a window, which is paid when it trades.
    pub fn first_period(self, window: Window) -> Window {
        self.period(window, window.start())
    }

    /// Returns the period that the security deposit of a window is for: the second; `None` when there is only one.
    pub fn secured_period(self, window: Window) -> Option<Window> {
        let first = self.first_period(window);
        (first.end() < window.end()).then(|| self.period(window, first.end()))
    }

    /// Counts the hours of a window that are paid or secured when it trades.
    pub fn advance_hours(self, window: Window) -> u32 {
        let secured = self.secured_period(window).map_or(0, Window::hours);
        self.first_period(window).hours() + secured
    }

    /// Counts the most hours of a window that are paid or secured, whatever its start.
    pub fn advance_hours_max(self, window: TermWindow) -> u32 {
        let at = |start: Hour| self.advance_hours(Window::between(start, start.plus(window.hours())));
        let mut most = at(window.earliest());
        if self == Self::CalendarMonth && window.hours() > PERIOD_HOURS {
            // Within a month a later start only shortens the first period.
            let mut start = Hour::first_of(window.earliest().day().month().next());
            while start <= window.latest() {
                most = most.max(at(start));
                start = Hour::first_of(start.day().month().next());
            }
        }
        most
    }
}

/// Counts the hours of a window that a bid holds: those that are paid or secured when it trades, or all when it is paid
/// whole.
pub(crate) fn held_hours(billing: Option<Billing>, window: TermWindow) -> u32 {
    billing.map_or(window.hours(), |billing| billing.advance_hours_max(window))
}

/// Returns the most hours of a window that one charge covers.
pub(crate) fn charged_hours_max(window: TermWindow) -> u32 {
    window.hours().min(PERIOD_HOURS_MAX)
}

/// Returns when the charge of the period that begins at `start` is first tried: 168 hours ahead, or `now` where that
/// has passed.
pub(crate) fn first_charge(start: Hour, now: Instant) -> Instant {
    now.max(Instant::nearest_to(start.start().micros() - CHARGE_AHEAD_HOURS * MICROS_PER_HOUR))
}

/// Returns when a charge that could not be paid at `now` is tried again: a day later, and for the last time as the
/// period begins. `None` once it has begun.
pub(crate) fn next_charge(start: Hour, now: Instant) -> Option<Instant> {
    let day = CHARGE_AGAIN_HOURS * MICROS_PER_HOUR;
    let left = start.start().micros() - now.micros();
    (left > 0).then(|| Instant::from_micros(start.start().micros() - (left - 1) / day * day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hour(text: &str) -> Hour {
        text.parse().expect("an hour")
    }

    fn window(start: &str, hours: u32) -> Window {
        let start = hour(start);
        Window::new(start, start.plus(hours)).expect("a window")
    }

    fn periods(billing: Billing, window: Window) -> Vec<u32> {
        let mut lengths = Vec::new();
        let mut start = window.start();
        while start < window.end() {
            let period = billing.period(window, start);
            lengths.push(period.hours());
            start = period.end();
        }
        lengths
    }

    #[test]
    fn a_window_falls_into_periods() {
        let (hours, months) = (Billing::Hours720, Billing::CalendarMonth);
        assert_eq!(periods(hours, window("2027-01-15T00:00:00Z", 720)), [720]);
        assert_eq!(periods(hours, window("2027-01-15T00:00:00Z", 721)), [720, 1]);
        assert_eq!(periods(hours, window("2027-01-15T00:00:00Z", 2_000)), [720, 720, 560]);
        assert_eq!(periods(months, window("2027-01-15T00:00:00Z", 720)), [720], "short ones are paid whole");
        assert_eq!(periods(months, window("2027-01-01T00:00:00Z", 744)), [744], "a month is one period");
        assert_eq!(periods(months, window("2027-01-31T23:00:00Z", 800)), [1, 672, 127]);
        assert_eq!(periods(months, window("2028-02-01T00:00:00Z", 1_000)), [696, 304], "a leap year");
    }

    #[test]
    fn charges_are_tried_a_week_ahead_and_daily() {
        let start = hour("2027-02-01T00:00:00Z");
        let at = |text: &str| text.parse::<Instant>().expect("an instant");
        assert_eq!(first_charge(start, at("2027-01-01T00:00:00Z")), at("2027-01-25T00:00:00Z"));
        assert_eq!(first_charge(start, at("2027-01-30T12:30:00Z")), at("2027-01-30T12:30:00Z"));
        for (tried, again) in [
            ("2027-01-25T00:00:00Z", Some("2027-01-26T00:00:00Z")),
            ("2027-01-30T12:30:00Z", Some("2027-01-31T00:00:00Z")),
            ("2027-01-31T00:00:00Z", Some("2027-02-01T00:00:00Z")),
            ("2027-02-01T00:00:00Z", None),
            ("2027-02-01T00:10:00Z", None),
        ] {
            assert_eq!(next_charge(start, at(tried)), again.map(at), "{tried}");
        }
    }

    proptest! {
        /// No period is longer than what is checked before a contract is traded.
        #[test]
        fn no_period_is_longer_than_is_checked(start in 0u32..20_000, hours in 1u32..9_000) {
            let window = Window::between(Hour::from_hours(start), Hour::from_hours(start + hours));
            for billing in [Billing::Hours720, Billing::CalendarMonth] {
                prop_assert!(periods(billing, window).iter().all(|hours| *hours <= charged_hours_max(window.into())));
            }
        }

        /// Whatever the start, a bid holds enough for the first period and the deposit.
        #[test]
        fn a_hold_covers_every_start(earliest in 0u32..20_000, spread in 0u32..2_208, hours in 1u32..9_000) {
            let earliest = Hour::from_hours(earliest);
            let range = TermWindow::flexible(earliest, earliest.plus(spread), hours).expect("a window");
            for billing in [Billing::Hours720, Billing::CalendarMonth] {
                let starts = (0..=spread).map(|later| earliest.plus(later));
                let most = starts.map(|start| billing.advance_hours(Window::between(start, start.plus(hours)))).max();
                prop_assert_eq!(most, Some(billing.advance_hours_max(range)));
            }
        }
    }
}
