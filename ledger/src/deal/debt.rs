//! Debt facilities: what the box borrows, and how it repays.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::day_count::DayCount;
use super::quantity::{Quantity, cents, cents_in_range};
use super::rate::Rate;
use crate::calendar::Day;
use crate::identity::ItemName;
use crate::money::Amount;

/// The most that a year costs, as a fraction: an index at its highest with the highest margin.
const YEARLY_MAX: Decimal = Decimal::from_parts(20, 0, 0, false, 0);

/// A debt facility of a deal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DebtFacility {
    /// Its name, which no other facility of the deal has.
    pub name: ItemName,
    /// The most that may be drawn.
    pub commitment: Amount,
    /// The last day on which something may be drawn; the closing where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_until: Option<Day>,
    /// The most that may be drawn, as a share of the cost of the assets in service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advance_rate: Option<Rate>,
    /// What is to be drawn, in order of the days.
    pub draws: Vec<Draw>,
    /// What it costs a year.
    pub rate: InterestRate,
    /// How parts of a year are counted.
    pub day_count: DayCount,
    /// How it is repaid.
    pub repayment: Amortization,
    /// The first determination date on which principal is due; the first of all where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_repayment: Option<Day>,
    /// The determination date on which all that is left is due; the one after the last month of the contracts where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maturity: Option<Day>,
}

/// Something that is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Draw {
    /// When.
    pub on: Day,
    /// How much.
    pub amount: Amount,
}

/// What a facility costs a year.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum InterestRate {
    /// Always the same.
    Fixed(Rate),
    /// That of an index at the beginning of a period, and a margin.
    Floating {
        /// The index.
        index: ItemName,
        /// What is added.
        margin: Rate,
        /// What the index counts as at least.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        floor: Option<Rate>,
    },
}

/// An index and what it was fixed at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateIndex {
    /// Its name, which no other index of the deal has.
    pub name: ItemName,
    /// In order of the days; each holds until the next, the last for good.
    pub fixings: Vec<Fixing>,
}

/// What an index was fixed at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fixing {
    /// From this day.
    pub from: Day,
    /// At this rate.
    pub rate: Rate,
}

impl RateIndex {
    /// The fixing of a day; nothing before the first.
    pub fn at(&self, day: Day) -> Option<Decimal> {
        let fixing = self.fixings.iter().rev().find(|fixing| fixing.from <= day);
        fixing.map(|fixing| fixing.rate.fraction())
    }
}

/// How principal is repaid, date by date.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Amortization {
    /// Interest and principal come to the same sum on every date that is left, at the rate of the day.
    Annuity {},
    /// What is left is spread evenly over the dates that are left.
    Linear {},
    /// All at the maturity.
    Bullet {},
    /// Debt service follows the scheduled CFADS such that nothing is left after so many dates, at the rate of the day.
    TargetMonths(u16),
    /// Debt service is the scheduled CFADS over this ratio.
    Sculpted(Quantity),
}

impl Amortization {
    /// Whether principal is what the CFADS leaves to it.
    pub(super) const fn follows_cfads(self) -> bool {
        matches!(self, Self::TargetMonths(_) | Self::Sculpted(_))
    }
}

impl DebtFacility {
    /// What has been drawn by the end of a day.
    pub(super) fn drawn_by(&self, day: Day) -> Amount {
        self.draws.iter().filter(|draw| draw.on <= day).map(|draw| draw.amount).sum()
    }

    /// What is drawn behind one day up to another.
    pub(super) fn drawn_between(&self, after: Day, until: Day) -> impl Iterator<Item = &Draw> {
        self.draws.iter().filter(move |draw| draw.on > after && draw.on <= until)
    }

    /// What it costs a year from a day, as a fraction; nothing where its index was not fixed by then.
    pub fn rate_at(&self, day: Day, indices: &[RateIndex]) -> Option<Decimal> {
        match &self.rate {
            InterestRate::Fixed(rate) => Some(rate.fraction()),
            InterestRate::Floating { index, margin, floor } => {
                let fixed = indices.iter().find(|known| known.name == *index)?.at(day)?;
                Some(floor.map_or(fixed, |floor| fixed.max(floor.fraction())) + margin.fraction())
            }
        }
    }

    /// The interest of a period on what was owed at its beginning and on what is drawn in it, to the cent, halves to the even one. A
    /// rate below zero costs nothing.
    pub(super) fn interest(&self, opening: Amount, rate: Decimal, from: Day, to: Day) -> Amount {
        let rate = rate.max(Decimal::ZERO);
        let on = |amount: Amount, from: Day| self.day_count.part_of(amount.to_decimal() * rate, from, to);
        let drawn: Decimal = self.drawn_between(from, to).map(|draw| on(draw.amount, draw.on)).sum();
        cents_in_range(on(opening, from) + drawn)
    }

    /// Whether the interest of a period is in the range of the books, whatever is drawn of the commitment and at whatever rate.
    pub(super) fn interest_fits(&self, from: Day, to: Day) -> bool {
        cents(self.day_count.part_of(self.commitment.to_decimal() * YEARLY_MAX, from, to)).is_some()
    }
}
