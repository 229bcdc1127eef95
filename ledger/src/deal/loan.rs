//! Loans: what is owed on each date, in interest and in principal.

use rust_decimal::{Decimal, RoundingStrategy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::business_day::BusinessCalendar;
use super::day_count::DayCount;
use super::payment_dates::PaymentDates;
use crate::calendar::Day;

/// The most payments of a loan: monthly for eighty years.
const PAYMENTS_MAX: usize = 1_000;

/// A loan at a fixed rate, drawn whole on one day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loan {
    /// What is drawn, in units of the currency.
    pub principal: Decimal,
    /// When.
    pub drawn: Day,
    /// What it costs a year, as a fraction: 0.083 is 8.3 %.
    pub rate: Decimal,
    /// How parts of a year are counted.
    pub day_count: DayCount,
    /// When interest is paid. Every date of a repayment is one of these, or there is interest that is not paid.
    pub interest: PaymentDates,
    /// When principal is repaid.
    pub repayments: PaymentDates,
    /// How much of it.
    pub repayment: Repayment,
    /// When what is left is repaid; when nothing is left where not given.
    pub maturity: Option<Day>,
    /// Where dates go that are no business days.
    pub calendar: BusinessCalendar,
    /// What amounts are rounded to.
    pub rounding: Rounding,
}

/// How a loan is repaid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repayment {
    /// Interest and principal together are the same on every date of a repayment.
    Annuity {
        /// That sum; such that nothing is left at the end where not given.
        payment: Option<Decimal>,
        /// The end by which the sum is found; the maturity where not given.
        amortized: Option<Day>,
    },
    /// Principal is the same on every date.
    Linear {
        /// That amount; such that nothing is left at the maturity where not given.
        payment: Option<Decimal>,
    },
    /// All at the maturity.
    Bullet,
}

/// What amounts are rounded to.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// To the cent, halves to the even one.
    #[default]
    Cent,
    /// Not at all, but for the 28 digits of a number.
    Exact,
}

impl Rounding {
    fn round(self, amount: Decimal) -> Decimal {
        match self {
            Self::Cent => amount.round_dp_with_strategy(2, RoundingStrategy::MidpointNearestEven),
            Self::Exact => amount,
        }
    }
}

/// What is paid on one date.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Installment {
    /// The date.
    pub date: Day,
    /// The debt before it.
    pub opening: Decimal,
    /// The interest that is paid.
    pub interest: Decimal,
    /// The principal that is repaid.
    pub principal: Decimal,
    /// The debt after it.
    pub closing: Decimal,
}

/// What a year's interest stays below: far beyond any loan, and far below what can be computed.
const YEARLY_MAX: i128 = 10_i128.pow(22);

/// Why there is no schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLoan {
    /// Neither a payment nor an end is given.
    #[error("a loan needs a maturity, or a payment that repays it")]
    NoEnd,
    /// It is never repaid.
    #[error("the loan is not repaid within {PAYMENTS_MAX} payments: the payment is too small, or the maturity too far")]
    TooLong,
    /// There is nothing to repay, or the maturity is not after the draw.
    #[error("a loan is of more than zero, and its maturity after its draw")]
    Empty,
    /// A payment on a date before the draw.
    #[error("payments begin on the day of the draw or after it")]
    PaymentBeforeDraw,
    /// Numbers beyond what can be computed.
    #[error("the loan's numbers are too large")]
    TooLarge,
    /// A payment that is not more than zero, or an end before the draw.
    #[error("a payment is more than zero, and a loan is amortized by a day after its draw")]
    Repayment,
}

/// A date on which something is paid.
#[derive(Clone, Copy)]
struct Date {
    day: Day,
    pays_interest: bool,
    repays: bool,
    is_last: bool,
}

impl Loan {
    /// What is paid, date by date, until nothing is left. Together the principal is what was drawn.
    ///
    /// # Errors
    /// [`InvalidLoan`] when the terms lead to no end.
    pub fn schedule(&self) -> Result<Vec<Installment>, InvalidLoan> {
        if self.principal <= Decimal::ZERO || self.maturity.is_some_and(|maturity| maturity <= self.drawn) {
            return Err(InvalidLoan::Empty);
        }
        if self.interest.anchor < self.drawn || self.repayments.anchor < self.drawn {
            return Err(InvalidLoan::PaymentBeforeDraw);
        }
        let (payment, amortized) = match self.repayment {
            Repayment::Annuity { payment, amortized } => (payment, amortized),
            Repayment::Linear { payment } => (payment, None),
            Repayment::Bullet => (None, None),
        };
        if payment.is_some_and(|payment| payment <= Decimal::ZERO) || amortized.is_some_and(|end| end <= self.drawn) {
            return Err(InvalidLoan::Repayment);
        }
        let due = self.due()?;
        let mut installments = Vec::new();
        let (mut balance, mut accrued, mut last) = (self.principal, Decimal::ZERO, self.drawn);
        for date in self.dates().take(PAYMENTS_MAX) {
            accrued += self.interest_on(balance, last, date.day)?;
            last = date.day;
            let interest = self.rounding.round(accrued);
            let principal = match due {
                _ if date.is_last => balance,
                Due::Together(payment) if date.repays => (payment - interest).min(balance),
                Due::Principal(payment) if date.repays => payment.min(balance),
                _ => Decimal::ZERO,
            };
            let closing = balance - principal;
            // What nothing is left of has no interest outstanding either.
            let pays = date.pays_interest || closing.is_zero();
            let interest = if pays { interest } else { Decimal::ZERO };
            if pays {
                accrued = Decimal::ZERO;
            }
            installments.push(Installment { date: date.day, opening: balance, interest, principal, closing });
            balance = closing;
            if balance <= Decimal::ZERO {
                return Ok(installments);
            }
        }
        Err(InvalidLoan::TooLong)
    }

    /// The dates on which something is paid, in order, up to the maturity.
    fn dates(&self) -> impl Iterator<Item = Date> {
        let mut interest = self.interest.before(self.maturity).peekable();
        let mut repayments = self.repayments.before(self.maturity).peekable();
        let before = std::iter::from_fn(move || {
            let day = match (interest.peek(), repayments.peek()) {
                (Some(one), Some(other)) => *one.min(other),
                (one, other) => *one.or(other)?,
            };
            let pays_interest = interest.next_if_eq(&day).is_some();
            let repays = repayments.next_if_eq(&day).is_some();
            Some(Date { day, pays_interest, repays, is_last: false })
        });
        let last = self.maturity.map(|day| Date { day, pays_interest: true, repays: true, is_last: true });
        before.chain(last).map(|date| Date { day: self.calendar.adjusted(date.day), ..date })
    }

    fn interest_on(&self, balance: Decimal, from: Day, to: Day) -> Result<Decimal, InvalidLoan> {
        // So that even centuries of it can be computed.
        let yearly = balance.checked_mul(self.rate).filter(|yearly| yearly.abs() < Decimal::from(YEARLY_MAX));
        Ok(self.day_count.part_of(yearly.ok_or(InvalidLoan::TooLarge)?, from, to))
    }

    /// What each repayment comes to.
    fn due(&self) -> Result<Due, InvalidLoan> {
        Ok(match self.repayment {
            Repayment::Bullet => {
                self.maturity.ok_or(InvalidLoan::NoEnd)?;
                Due::Nothing
            }
            Repayment::Linear { payment: Some(payment) } => Due::Principal(payment),
            Repayment::Linear { payment: None } => {
                let end = self.maturity.ok_or(InvalidLoan::NoEnd)?;
                let before = self.repayments.before(Some(end)).take(PAYMENTS_MAX).count();
                Due::Principal(self.rounding.round(self.principal / Decimal::from(before + 1)))
            }
            Repayment::Annuity { payment: Some(payment), .. } => Due::Together(payment),
            Repayment::Annuity { payment: None, amortized } => {
                let end = amortized.or(self.maturity).ok_or(InvalidLoan::NoEnd)?;
                Due::Together(self.rounding.round(self.level_payment(end)?))
            }
        })
    }

    /// The payment after which nothing is left at `end`. Whatever the payment is, what is left is `debt − paid × payment`, from date to
    /// date: both grow by the interest, and a payment takes one more.
    fn level_payment(&self, end: Day) -> Result<Decimal, InvalidLoan> {
        let (mut debt, mut paid) = (self.principal, Decimal::ZERO);
        let mut last = self.drawn;
        let dates = self.repayments.before(Some(end)).take(PAYMENTS_MAX).chain([end]);
        let mut first = true;
        for day in dates.map(|day| self.calendar.adjusted(day)) {
            // Before the first repayment, interest is paid on its own dates and does not grow.
            let from = if first { self.last_interest_before(day).unwrap_or(last) } else { last };
            debt += self.interest_on(debt, from, day)?;
            paid += self.interest_on(paid, from, day)? + Decimal::ONE;
            (last, first) = (day, false);
        }
        Ok(debt / paid)
    }

    fn last_interest_before(&self, day: Day) -> Option<Day> {
        let adjusted = self.interest.iter().take(PAYMENTS_MAX).map(|date| self.calendar.adjusted(date));
        adjusted.take_while(|date| *date < day).last()
    }
}

/// What is due on the date of a repayment.
#[derive(Clone, Copy)]
enum Due {
    /// Interest and principal together.
    Together(Decimal),
    /// Principal.
    Principal(Decimal),
    /// Nothing before the maturity.
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deal::Stub;
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    fn monthly(anchor: &str) -> PaymentDates {
        let cycle = "P1M".parse().expect("a cycle");
        PaymentDates { anchor: day(anchor), cycle, end_of_month: false, stub: Stub::Short }
    }

    fn loan(repayment: Repayment, maturity: Option<&str>) -> Loan {
        Loan {
            principal: "80000000".parse().expect("a number"),
            drawn: day("2026-01-01"),
            rate: "0.083".parse().expect("a number"),
            day_count: DayCount::Act360,
            interest: monthly("2026-02-01"),
            repayments: monthly("2026-02-01"),
            repayment,
            maturity: maturity.map(day),
            calendar: BusinessCalendar::default(),
            rounding: Rounding::Cent,
        }
    }

    fn told(installment: &Installment) -> String {
        let Installment { date, opening, interest, principal, closing } = installment;
        format!("{date} {opening} {interest} {principal} {closing}")
    }

    #[test]
    fn interest_is_of_the_opening_balance_to_the_cent() {
        let bullet = loan(Repayment::Bullet, Some("2026-04-01")).schedule().expect("a schedule");
        let bullet: Vec<String> = bullet.iter().map(told).collect();
        assert_eq!(
            bullet,
            [
                "2026-02-01 80000000 571777.78 0 80000000",
                "2026-03-01 80000000 516444.44 0 80000000",
                "2026-04-01 80000000 571777.78 80000000 0",
            ]
        );
    }

    #[test]
    fn what_leads_to_no_end_is_refused() {
        let refused = |loan: Loan| loan.schedule().expect_err("no schedule");
        assert_eq!(refused(loan(Repayment::Bullet, None)), InvalidLoan::NoEnd);
        assert_eq!(refused(loan(Repayment::Annuity { payment: None, amortized: None }, None)), InvalidLoan::NoEnd);
        let interest_only = Repayment::Annuity { payment: Some(Decimal::from(500_000)), amortized: None };
        assert_eq!(refused(loan(interest_only, None)), InvalidLoan::TooLong);
        assert_eq!(refused(loan(Repayment::Bullet, Some("2026-01-01"))), InvalidLoan::Empty);
        let early = Loan { interest: monthly("2025-12-31"), ..loan(Repayment::Bullet, Some("2027-01-01")) };
        assert_eq!(refused(early), InvalidLoan::PaymentBeforeDraw);
    }

    proptest! {
        /// What is repaid is what was drawn, and an annuity's payments are equal but for the last.
        #[test]
        fn principal_is_what_was_drawn(
            cents in 1i64..1_000_000_000_000,
            rate in 0i64..3_000,
            months in 1i32..120,
            kind in 0..3,
            count in 0usize..5,
        ) {
            let maturity = day("2026-01-01").month().plus(months).first_day();
            let repayment = match kind {
                0 => Repayment::Annuity { payment: None, amortized: None },
                1 => Repayment::Linear { payment: None },
                _ => Repayment::Bullet,
            };
            let loan = Loan {
                principal: Decimal::new(cents, 2),
                rate: Decimal::new(rate, 4),
                day_count: DayCount::ALL[count],
                maturity: Some(maturity),
                ..loan(repayment, None)
            };
            let schedule = loan.schedule().expect("a schedule");
            prop_assert_eq!(schedule.iter().map(|row| row.principal).sum::<Decimal>(), loan.principal);
            prop_assert_eq!(schedule.last().map(|row| row.closing), Some(Decimal::ZERO));
            if kind == 0 && schedule.len() > 2 {
                let paid = |row: &Installment| row.interest + row.principal;
                let all_but_last = &schedule[..schedule.len() - 1];
                prop_assert!(all_but_last.iter().all(|row| paid(row) == paid(&schedule[0]) || row.closing.is_zero()));
            }
        }
    }
}
