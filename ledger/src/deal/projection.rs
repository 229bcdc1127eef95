//! A projection: the deal rolled forward, date by date, over its contracts.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agreement::AgreementKind;
use super::document::Deal;
use super::invalid_deal::InvalidDeal;
use super::measures::{compounded, internal_rate_of_return};
use super::priority::Pays;
use super::quantity::Figure;
use super::run::Run;
use super::schedule::Schedule;
use super::standing::{Dues, Standing};
use super::what_if::{Scenario, WhatIf};
use crate::calendar::Day;
use crate::invariant::exact;
use crate::money::Amount;

/// A deal rolled forward.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Projection {
    /// The determination dates, in order.
    pub dates: Vec<ProjectedDate>,
    /// What it comes to.
    pub measures: Measures,
}

/// One determination date of a projection.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProjectedDate {
    /// Its number, from 1.
    pub number: u32,
    /// What is paid out on it.
    #[serde(flatten)]
    pub run: Run,
    /// What is owed after it.
    pub debt: Amount,
    /// What of the assets' cost is not depreciated on it.
    pub depreciated_cost: Amount,
}

/// What a projection comes to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Measures {
    /// The date after which nothing is owed; none where something stays unpaid, or nothing is borrowed.
    pub payoff: Option<Payoff>,
    /// The lowest DSCR while there is debt.
    pub dscr_min: Option<Figure>,
    /// The average of the DSCRs while there is debt.
    pub dscr_average: Option<Figure>,
    /// The loan life coverage at the beginning: the CFADS by the deal's terms up to the payoff, or else to the end, discounted at the
    /// dearest facility's rate, over the debt.
    pub llcr: Option<Figure>,
    /// What the sponsor pays in: what assets and the first funding of reserves cost beyond what is drawn.
    pub sponsor_paid_in: Amount,
    /// What the sponsor is paid.
    pub sponsor_paid_out: Amount,
    /// The sponsor's internal rate of return a year, compounded. The hardware counts for nothing at the end.
    pub sponsor_irr: Option<Figure>,
}

/// The determination date that ends the debt.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Payoff {
    /// Its number, from 1.
    pub number: u32,
    /// The date.
    pub date: Day,
}

impl Deal {
    /// Rolls the deal forward from its closing over its contracts, with what-ifs, several at once.
    ///
    /// # Errors
    /// [`InvalidDeal`] when a what-if names what the deal does not have, or leads to amounts beyond what the books take.
    pub fn project(&self, what_ifs: &[WhatIf]) -> Result<Projection, InvalidDeal> {
        self.project_from(0, &Standing::at_closing(self), what_ifs)
    }

    /// Rolls the deal forward from where a box stands after so many determination dates.
    ///
    /// # Errors
    /// As of [`Deal::project`].
    pub fn project_from(
        &self,
        after: usize,
        standing: &Standing,
        what_ifs: &[WhatIf],
    ) -> Result<Projection, InvalidDeal> {
        let Scenario { deal, periods, collected, agreements } = Scenario::new(self, what_ifs)?;
        let (opening, mut standing) = (standing.debt(), standing.clone());
        let mut dates = Vec::with_capacity(periods.len());
        for (at, (collected, agreements)) in collected.into_iter().zip(agreements).enumerate().skip(after) {
            let Some(schedule) = Schedule::of(&deal, &periods, at) else { break };
            let dues = Dues { collected, agreements, interest: schedule.interest(&standing) };
            schedule.draw(&mut standing);
            let run = deal.run(&schedule, &standing, &dues);
            standing.clone_from(&run.after);
            let (debt, depreciated_cost) = (standing.debt(), deal.depreciated_cost(run.date));
            let number = exact(at + 1);
            dates.push(ProjectedDate { number, run, debt, depreciated_cost });
        }
        let measures = deal.measures(&dates, after, opening);
        Ok(Projection { dates, measures })
    }

    /// What a run paid to the steps of a kind: by what they pay and, of an agreement, what that is for.
    pub fn paid_to(&self, run: &Run, is_meant: impl Fn(&Pays, Option<AgreementKind>) -> bool) -> Amount {
        let kind = |pays: &Pays| match pays {
            Pays::Agreement(name) => {
                self.terms().agreements.iter().find(|known| known.name == *name).map(|known| known.kind)
            }
            _ => None,
        };
        let steps = run.steps.iter().filter(|step| is_meant(&step.pays, kind(&step.pays)));
        steps.map(|step| step.paid).sum()
    }

    /// What the dates behind so many come to, with what is owed before the first of them.
    fn measures(&self, dates: &[ProjectedDate], after: usize, opening: Amount) -> Measures {
        let borrows = self.terms().facilities.iter().any(|facility| !facility.draws.is_empty());
        let ends = dates.iter().rposition(|date| !date.debt.is_zero()).map_or(0, |last| last + 1);
        let payoff =
            dates.get(ends).filter(|_| borrows).map(|date| Payoff { number: date.number, date: date.run.date });
        let ratios = || dates.iter().filter_map(|date| date.run.tests.dscr);
        let llcr = Schedule::at(self, after).and_then(|schedule| {
            let until = payoff.map(|payoff| payoff.date).or_else(|| dates.last().map(|date| date.run.date))?;
            schedule.loan_life_coverage(opening, until)
        });
        let flows = self.sponsor_flows(dates, after);
        let a_year = self.terms().determination.a_year();
        let irr = internal_rate_of_return(&flows).zip(a_year).and_then(|(rate, periods)| compounded(rate, periods));
        let paid_out = dates.iter().map(|date| self.paid_to(&date.run, |pays, _| *pays == Pays::Sponsor {})).sum();
        Measures {
            payoff,
            dscr_min: ratios().min(),
            dscr_average: Figure::ratio(ratios().map(Figure::decimal).sum(), Decimal::from(ratios().count())),
            llcr,
            sponsor_paid_in: paid_out - flows.iter().copied().sum(),
            sponsor_paid_out: paid_out,
            sponsor_irr: irr.map(|rate| Figure::rounded(rate, 6)),
        }
    }

    /// What the sponsor is paid, less what it pays in, at the closing, where that is still ahead, and on each date.
    fn sponsor_flows(&self, dates: &[ProjectedDate], after: usize) -> Vec<Amount> {
        let terms = self.terms();
        let closing = (after == 0).then(|| -terms.funding_at_closing().contributed);
        let paid = |date: &ProjectedDate| {
            let schedule = Schedule::at(self, exact(date.number - 1));
            // Behind the contracts' periods nothing is drawn or bought.
            let funding = schedule.map(|schedule| terms.funding_between(schedule.period().from, date.run.date));
            let paid = self.paid_to(&date.run, |pays, _| *pays == Pays::Sponsor {});
            paid - funding.unwrap_or_default().contributed
        };
        closing.into_iter().chain(dates.iter().map(paid)).collect()
    }
}
