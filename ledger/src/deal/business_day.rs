//! Business days: where a date goes that no bank works on.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calendar::Day;

/// Where a date goes that is no business day, as the 2006 ISDA Definitions have it in section 4.12.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BusinessDayRule {
    /// Nowhere.
    #[default]
    Unadjusted,
    /// To the next business day.
    Following,
    /// To the next one of the same month, or else the last before.
    ModifiedFollowing,
    /// To the last business day before.
    Preceding,
}

/// The days on which banks do not work, and where dates go that are such days. Interest accrues up to the date it is paid.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BusinessCalendar {
    /// Where dates go.
    #[serde(default)]
    pub rule: BusinessDayRule,
    /// Days off besides Saturdays and Sundays.
    #[serde(default)]
    pub holidays: BTreeSet<Day>,
}

impl BusinessCalendar {
    /// Whether banks work.
    pub fn is_business_day(&self, day: Day) -> bool {
        // 1970-01-01 was a Thursday.
        let weekday = (day.days() + 3).rem_euclid(7);
        weekday < 5 && !self.holidays.contains(&day)
    }

    /// The date to which a date goes.
    pub fn adjusted(&self, day: Day) -> Day {
        let next = || self.nearest(day, 1);
        let last = || self.nearest(day, -1);
        match self.rule {
            BusinessDayRule::Unadjusted => day,
            BusinessDayRule::Following => next(),
            BusinessDayRule::Preceding => last(),
            BusinessDayRule::ModifiedFollowing => {
                Some(next()).filter(|next| next.month() == day.month()).unwrap_or_else(last)
            }
        }
    }

    fn nearest(&self, day: Day, step: i32) -> Day {
        let days = (0..).map(|steps| Day::from_days(day.days() + steps * step));
        // There are fewer holidays than days.
        days.into_iter().find(|day| self.is_business_day(*day)).unwrap_or(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_to_business_days() {
        let adjusted = |rule, date: &str| {
            let holidays = ["2026-01-01".parse().expect("a day")].into();
            BusinessCalendar { rule, holidays }.adjusted(date.parse().expect("a day")).to_string()
        };
        let rows = [
            (BusinessDayRule::Unadjusted, "2026-08-01", "2026-08-01"),
            (BusinessDayRule::Following, "2026-08-01", "2026-08-03"),
            (BusinessDayRule::Following, "2026-01-01", "2026-01-02"),
            (BusinessDayRule::Following, "2026-01-05", "2026-01-05"),
            (BusinessDayRule::ModifiedFollowing, "2026-01-31", "2026-01-30"),
            (BusinessDayRule::ModifiedFollowing, "2026-08-01", "2026-08-03"),
            (BusinessDayRule::Preceding, "2026-08-02", "2026-07-31"),
        ];
        for (rule, date, expected) in rows {
            assert_eq!(adjusted(rule, date), expected, "{rule:?} of {date}");
        }
    }
}
