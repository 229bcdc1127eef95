//! Day counts: which part of a year lies between two days.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use crate::calendar::Day;

/// A convention for the part of a year between two days, as the 2006 ISDA Definitions have it in section 4.16.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayCount {
    /// The days over 360 (4.16 e).
    Act360,
    /// The days over 365 (4.16 d).
    Act365Fixed,
    /// The days of ordinary years over 365 and of leap years over 366 (4.16 b).
    ActAct,
    /// Months of 30 days, the bond basis: a 31st is the 30th, at the end only behind a 30th or 31st (4.16 f).
    Thirty360,
    /// Months of 30 days, the Eurobond basis: every 31st is the 30th (4.16 g).
    ThirtyE360,
}

impl DayCount {
    /// Every convention.
    pub const ALL: [Self; 5] = [Self::Act360, Self::Act365Fixed, Self::ActAct, Self::Thirty360, Self::ThirtyE360];

    /// Returns the name that a deal writes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Act360 => "ACT/360",
            Self::Act365Fixed => "ACT/365F",
            Self::ActAct => "ACT/ACT",
            Self::Thirty360 => "30/360",
            Self::ThirtyE360 => "30E/360",
        }
    }

    /// What a yearly amount comes to from one day to a later one: `yearly × days ÷ year`.
    pub fn part_of(self, yearly: Decimal, from: Day, to: Day) -> Decimal {
        let over = |days: i32, year: i32| yearly * Decimal::from(days) / Decimal::from(year);
        match self {
            Self::Act360 => over(to.days() - from.days(), 360),
            Self::Act365Fixed => over(to.days() - from.days(), 365),
            Self::ActAct => {
                let years = from.year()..=to.year();
                let parts = years.map(|year| {
                    let (first, next) = (Day::first_of_year(year), Day::first_of_year(year + 1));
                    let days = to.min(next).days() - from.max(first).days();
                    over(days, next.days() - first.days())
                });
                parts.sum()
            }
            Self::Thirty360 => {
                let first = from.day_of_month().min(30);
                let last = if first == 30 { to.day_of_month().min(30) } else { to.day_of_month() };
                over(months_of_30(from, to) + last - first, 360)
            }
            Self::ThirtyE360 => {
                over(months_of_30(from, to) + to.day_of_month().min(30) - from.day_of_month().min(30), 360)
            }
        }
    }
}

/// The days between the months of two days, each month with 30.
fn months_of_30(from: Day, to: Day) -> i32 {
    30 * (12 * (to.year() - from.year()) + to.month_of_year() - from.month_of_year())
}

/// The text names no day count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a day count is ACT/360, ACT/365F, ACT/ACT, 30/360 or 30E/360")]
pub struct InvalidDayCount;

impl fmt::Display for DayCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DayCount {
    type Err = InvalidDayCount;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|known| known.name() == text).ok_or(InvalidDayCount)
    }
}

text_form!(DayCount, {"type": "string", "enum": ["ACT/360", "ACT/365F", "ACT/ACT", "30/360", "30E/360"]});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_year() {
        let rows = [
            ("ACT/360", "2026-01-01", "2026-02-01", 31, 360),
            ("ACT/365F", "2028-01-01", "2029-01-01", 366, 365),
            ("30/360", "2026-01-31", "2026-02-28", 28, 360),
            ("30/360", "2026-01-30", "2026-03-31", 60, 360),
            ("30/360", "2026-01-29", "2026-03-31", 62, 360),
            ("30E/360", "2026-01-29", "2026-03-31", 61, 360),
            ("30E/360", "2026-02-28", "2026-03-31", 32, 360),
            ("30E/360", "2025-11-30", "2026-02-28", 88, 360),
        ];
        for (name, from, to, days, year) in rows {
            let count: DayCount = name.parse().expect("a day count");
            let yearly = Decimal::from(year);
            let part = count.part_of(yearly, from.parse().expect("a day"), to.parse().expect("a day"));
            assert_eq!(part.round_dp(20), Decimal::from(days), "{name} from {from} to {to}");
        }
        let day = |text: &str| text.parse::<Day>().expect("a day");
        let across = DayCount::ActAct.part_of(Decimal::from(365 * 366), day("2027-12-31"), day("2028-01-02"));
        assert_eq!(across, Decimal::from(366 + 365), "a day of each year");
        assert!("ACT/366".parse::<DayCount>().is_err());
    }
}
