//! What is scheduled from one determination date on: the principal that falls due, and the debt that is still supported.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};

use super::debt::{Amortization, DebtFacility};
use super::document::Deal;
use super::period::Period;
use super::quantity::{Figure, cents};
use super::standing::{Dues, Standing};
use crate::calendar::Day;
use crate::identity::ItemName;
use crate::money::Amount;

/// A deal's periods from one on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule<'a> {
    deal: &'a Deal,
    periods: &'a [Period],
    at: usize,
}

impl<'a> Schedule<'a> {
    /// The schedule at the period of a number, the first of which is 0; nothing behind the last.
    pub fn at(deal: &'a Deal, number: usize) -> Option<Self> {
        Self::of(deal, deal.periods(), number)
    }

    /// That of other periods than the contracts', which may go on behind their end.
    pub fn of(deal: &'a Deal, periods: &'a [Period], at: usize) -> Option<Self> {
        (at < periods.len()).then_some(Self { deal, periods, at })
    }

    /// The period.
    pub fn period(&self) -> &'a Period {
        &self.periods[self.at]
    }

    /// The deal.
    pub const fn deal(&self) -> &'a Deal {
        self.deal
    }

    /// Whether no period follows.
    pub const fn is_last(&self) -> bool {
        self.at + 1 == self.periods.len()
    }

    /// Draws what the deal means to draw behind the beginning of the period and up to its date.
    pub fn draw(&self, standing: &mut Standing) {
        let Period { from, date, .. } = *self.period();
        for facility in &self.deal.terms().facilities {
            let drawn = facility.drawn_between(from, date).map(|draw| draw.amount).sum();
            *standing.debts.entry(facility.name).or_default() += drawn;
        }
    }

    /// The interest that falls due on each facility at the end of the period, by name: on what was owed at its beginning and on what the
    /// deal means to draw in it.
    pub fn interest(&self, standing: &Standing) -> BTreeMap<ItemName, Amount> {
        let Period { from, date, .. } = *self.period();
        let facilities = self.deal.terms().facilities.iter();
        let interest = facilities.map(|facility| {
            let due = facility.interest(standing.owed_on(facility.name), self.rate(facility), from, date);
            (facility.name, due)
        });
        interest.collect()
    }

    /// The rate of the period, as a fraction of a year.
    fn rate(&self, facility: &DebtFacility) -> Decimal {
        // A deal's indices are fixed at its closing or before.
        facility.rate_at(self.period().from, &self.deal.terms().indices).unwrap_or_default().max(Decimal::ZERO)
    }

    /// The principal that falls due on each facility, by name: without what earlier dates left unpaid, and no more than is owed.
    pub fn principal(&self, standing: &Standing, dues: &Dues) -> BTreeMap<ItemName, Amount> {
        let facilities = &self.deal.terms().facilities;
        let open = |facility: &DebtFacility| self.open(facility, standing);
        let follow_cfads = facilities.iter().filter(|facility| facility.repayment.follows_cfads());
        let together: Amount = follow_cfads.map(open).sum();
        let due = |facility: &DebtFacility| {
            let open = open(facility);
            let is_all_due = standing.accelerated || self.period().date >= self.deal.maturity(facility);
            if is_all_due || open.is_zero() {
                return open;
            }
            if facility.first_repayment.is_some_and(|first| self.period().date < first) {
                return Amount::ZERO;
            }
            // Facilities that follow the CFADS share it by what is open on each.
            let share = open.to_decimal().checked_div(together.to_decimal()).unwrap_or(Decimal::ONE);
            // What leads to no amount leaves nothing for later.
            let exact = self.principal_due(facility, open, share, dues);
            exact.and_then(cents).unwrap_or(open).clamp(Amount::ZERO, open)
        };
        facilities.iter().map(|facility| (facility.name, due(facility))).collect()
    }

    /// What is owed on a facility, but for principal that earlier dates left unpaid.
    fn open(&self, facility: &DebtFacility, standing: &Standing) -> Amount {
        let step = self.deal.principal_step(facility.name);
        standing.owed_on(facility.name) - step.map_or(Amount::ZERO, |step| standing.carried_by(step))
    }

    /// What falls due of what is open on a facility by its amortization, unrounded.
    fn principal_due(&self, facility: &DebtFacility, open: Amount, share: Decimal, dues: &Dues) -> Option<Decimal> {
        let open = open.to_decimal();
        let interest = dues.interest.get(&facility.name).copied().unwrap_or_default().to_decimal();
        match facility.repayment {
            Amortization::Bullet {} => Some(Decimal::ZERO),
            Amortization::Linear {} => open.checked_div(Decimal::from(self.until(self.deal.maturity(facility)).len())),
            Amortization::Annuity {} => {
                let dates = self.until(self.deal.maturity(facility));
                let level = open.checked_div(self.discounted(facility, dates, |_| Decimal::ONE)?)?;
                Some(level - interest)
            }
            Amortization::Sculpted(ratio) => {
                let Period { debt_costs, .. } = self.period();
                let all_interest: Amount = dues.interest.values().copied().sum();
                let service = self.period().cfads().to_decimal().checked_div(ratio.decimal())?;
                Some((service - (*debt_costs + all_interest).to_decimal()) * share)
            }
            Amortization::TargetMonths(months) => {
                let target = self.deal.terms().closing.month().plus(i32::from(months));
                let dates = self.until(target.last_day());
                let part = |amount: Amount| amount.to_decimal() * share;
                let cfads = self.discounted(facility, dates, |period| part(period.cfads()))?;
                let costs = self.discounted(facility, dates, |period| part(period.debt_costs))?;
                // Discounted debt service repays what is open: `cfads / ratio = open + costs`.
                let Period { debt_costs, .. } = self.period();
                let service = part(self.period().cfads()).checked_mul((open + costs).checked_div(cfads)?)?;
                Some(service - part(*debt_costs) - interest)
            }
        }
    }

    /// This period and those behind it whose dates are not after a day.
    fn until(&self, day: Day) -> &'a [Period] {
        let ahead = &self.periods[self.at..];
        &ahead[..ahead.partition_point(|period| period.date <= day)]
    }

    /// The facility with the highest present rate; nothing without facilities.
    fn dearest(&self) -> Option<&'a DebtFacility> {
        self.deal.terms().facilities.iter().max_by_key(|facility| self.rate(facility))
    }

    /// The sum of an amount of each of these periods, the first of which begins now, discounted at a facility's present rate. Nothing
    /// where numbers become too large.
    fn discounted(
        &self,
        facility: &DebtFacility,
        periods: &[Period],
        amount: impl Fn(&Period) -> Decimal,
    ) -> Option<Decimal> {
        let rate = self.rate(facility);
        let (mut factor, mut sum) = (Decimal::ONE, Decimal::ZERO);
        for period in periods {
            factor = factor.checked_div(Decimal::ONE + facility.day_count.part_of(rate, period.from, period.date))?;
            sum = sum.checked_add(amount(period).checked_mul(factor)?)?;
        }
        Some(sum)
    }

    /// What the debt may be at most after this period, where the deal says so. Contracted cash is discounted at the dearest facility's rate.
    pub fn eligible_debt(&self, depreciated_cost: Amount) -> Option<Amount> {
        let eligibility = self.deal.terms().covenants.eligibility?;
        let share = eligibility.depreciated_cost.map(|share| depreciated_cost.to_decimal() * share.decimal());
        let supported = eligibility.contracted_dscr.map(|ratio| {
            let (Some(facility), [_, later @ ..]) = (self.dearest(), &self.periods[self.at..]) else {
                return Decimal::ZERO;
            };
            let cfads = self.discounted(facility, later, |period| period.cfads().to_decimal());
            cfads.and_then(|cfads| cfads.checked_div(ratio.decimal())).unwrap_or_default().max(Decimal::ZERO)
        });
        let least = [share, supported].into_iter().flatten().min()?;
        Amount::from_decimal(least.round_dp_with_strategy(2, RoundingStrategy::ToZero)).ok()
    }

    /// The loan life coverage of what is owed at the beginning of this period: the scheduled CFADS up to a date, discounted at the
    /// dearest facility's rate, over the debt. Nothing without debt.
    pub fn loan_life_coverage(&self, debt: Amount, until: Day) -> Option<Figure> {
        let cfads = self.discounted(self.dearest()?, self.until(until), |period| period.cfads().to_decimal())?;
        Figure::ratio(cfads, debt.to_decimal())
    }
}
