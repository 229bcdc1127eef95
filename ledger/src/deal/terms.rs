//! The deal document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agreement::Agreement;
use super::asset::Asset;
use super::business_day::BusinessCalendar;
use super::contract::ClientContract;
use super::covenant::Covenants;
use super::debt::{DebtFacility, RateIndex};
use super::payment_dates::{Cycle, PaymentDates, Stub};
use super::priority::{Distributions, PriorityStep};
use super::reserve::Reserve;
use crate::calendar::Day;
use crate::identity::OrganizationId;
use crate::money::Currency;
use crate::outside_text::{Label, from_log};

/// A deal as it is written down: what the box owns, is paid, owes, and in what order it pays.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DealTerms {
    /// What it is called.
    #[serde(deserialize_with = "from_log")]
    pub name: Label,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// Whose box it is: who pays in what debt does not, and is paid last.
    pub sponsor: OrganizationId,
    /// When it begins.
    pub closing: Day,
    /// When its cash is paid out.
    pub determination: Determination,
    /// What it is paid, one contract at least.
    pub contracts: Vec<ClientContract>,
    /// What it owns.
    pub assets: Vec<Asset>,
    /// What running it costs.
    pub agreements: Vec<Agreement>,
    /// What floating rates follow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indices: Vec<RateIndex>,
    /// What it borrows.
    pub facilities: Vec<DebtFacility>,
    /// What it keeps for shortfalls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reserves: Vec<Reserve>,
    /// What it promises the lenders.
    #[serde(default)]
    pub covenants: Covenants,
    /// What the sponsor is paid in spite of.
    #[serde(default)]
    pub distributions: Distributions,
    /// Who is paid before whom. Every agreement, and the interest and the principal of every facility, have a step; the last two are the
    /// cash trap and the sponsor.
    pub priority: Vec<PriorityStep>,
}

/// When cash is paid out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Determination {
    /// The first date, after the closing.
    pub first: Day,
    /// How far apart the dates are: 1, 2, 3, 4, 6 or 12 months.
    pub cycle: Cycle,
    /// Where dates go that are no business days.
    #[serde(default)]
    pub calendar: BusinessCalendar,
    /// Whether cash is paid out by itself as a date ends, with what was entered of it by then; else finance starts it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub by_itself: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Determination {
    /// The dates, in order and without an end.
    pub fn dates(&self) -> impl Iterator<Item = Day> {
        let dates = PaymentDates { anchor: self.first, cycle: self.cycle, end_of_month: false, stub: Stub::Short };
        dates.iter().map(|day| self.calendar.adjusted(day))
    }

    /// How many dates there are in a year; nothing when a year is no multiple of the cycle.
    pub fn a_year(&self) -> Option<u16> {
        match self.cycle {
            Cycle::Months(months) if 12 % months == 0 => Some(12 / months),
            Cycle::Months(_) | Cycle::Days(_) => None,
        }
    }
}
