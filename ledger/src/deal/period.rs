//! The periods of a deal: from one determination date to the next, and what is scheduled for each.

use std::fmt::Display;
use std::ops::Range;

use super::invalid_deal::InvalidDeal;
use super::terms::DealTerms;
use crate::calendar::{Day, Month};
use crate::invariant::exact;
use crate::money::Amount;

/// The most determination dates of a deal.
const PERIODS_MAX: usize = 700;

/// From one determination date, or the closing, to the next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Period {
    /// The day it begins with.
    pub from: Day,
    /// The determination date at its end.
    pub date: Day,
    /// The calendar months that end in it: what they bring is collected, and what they cost falls due, on its date.
    pub months: Range<Month>,
    /// What the contracts bring by their terms.
    pub contracted: Amount,
    /// What each agreement costs by its terms, in the order of the document.
    pub agreements: Vec<Amount>,
    /// What the agreements of operations cost together.
    pub operations: Amount,
    /// What the agreements of the debt cost together.
    pub debt_costs: Amount,
}

impl Period {
    /// The periods of a deal, up to the first date on which the last month before `end` has ended.
    pub(super) fn schedule(terms: &DealTerms, end: Month) -> Result<Vec<Self>, InvalidDeal> {
        let mut periods = Vec::new();
        let (mut from, mut month) = (terms.closing, terms.closing.month());
        for date in terms.determination.dates().take(PERIODS_MAX) {
            // A month has ended on the first day of the next one.
            let months = month..date.month().max(month);
            month = months.end;
            periods.push(Self::of(terms, from, date, months)?);
            from = date;
            if month >= end {
                return Ok(periods);
            }
        }
        Err(InvalidDeal::Count("no more than 700 determination dates"))
    }

    fn of(terms: &DealTerms, from: Day, date: Day, months: Range<Month>) -> Result<Self, InvalidDeal> {
        let too_large = |name: &dyn Display| InvalidDeal::TooLarge(name.to_string());
        let each = || each(&months);
        let mut contracted = Amount::ZERO;
        for contract in &terms.contracts {
            for month in each().filter(|month| contract.charges_for(*month)) {
                contracted += contract.charged(month).ok_or_else(|| too_large(&contract.name))?;
            }
        }
        let mut agreements = Vec::with_capacity(terms.agreements.len());
        let (mut operations, mut debt_costs) = (Amount::ZERO, Amount::ZERO);
        for agreement in &terms.agreements {
            let mut due = Amount::ZERO;
            for month in each() {
                due += agreement.charged(month, terms.closing.month()).ok_or_else(|| too_large(&agreement.name))?;
            }
            *(if agreement.kind.serves_debt() { &mut debt_costs } else { &mut operations }) += due;
            agreements.push(due);
        }
        if contracted.max(operations + debt_costs) > Amount::LINE_MAX {
            return Err(too_large(&terms.name));
        }
        Ok(Self { from, date, months, contracted, agreements, operations, debt_costs })
    }

    /// The period behind this one, up to a date, where all contracts and agreements have ended.
    pub(super) fn followed_by_nothing_until(&self, date: Day) -> Self {
        let months = self.months.end..self.months.end;
        let agreements = vec![Amount::ZERO; self.agreements.len()];
        let (contracted, operations, debt_costs) = Default::default();
        Self { from: self.date, date, months, contracted, agreements, operations, debt_costs }
    }

    /// The calendar months that end in it, in order.
    pub fn months(&self) -> impl Iterator<Item = Month> {
        each(&self.months)
    }

    /// What the contracts bring by their terms less what operations cost by theirs.
    pub fn cfads(&self) -> Amount {
        self.contracted - self.operations
    }
}

fn each(months: &Range<Month>) -> impl Iterator<Item = Month> {
    let count: i32 = exact(months.start.months_until(months.end));
    let first = months.start;
    (0..count).map(move |nth| first.plus(nth))
}
