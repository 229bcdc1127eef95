//! A projection: the deal rolled forward, date by date, over its contracts.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agreement::AgreementKind;
use super::document::{Deal, InvalidDeal};
use super::measures::{compounded, internal_rate_of_return};
use super::priority::Pays;
use super::quantity::Figure;
use super::run::{Dues, Run, Standing};
use super::schedule::Schedule;
use super::what_if::{Scenario, WhatIf};
use crate::{Amount, Day};

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
    /// The loan life coverage at the closing: the CFADS by the deal's terms up to the payoff, or else to the end, discounted at the
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
        let Scenario { deal, periods, collected, agreements } = Scenario::new(self, what_ifs)?;
        let mut standing = Standing::at_closing(&deal);
        let mut dates = Vec::with_capacity(periods.len());
        for (at, (collected, agreements)) in collected.into_iter().zip(agreements).enumerate() {
            let Some(schedule) = Schedule::of(&deal, &periods, at) else { break };
            let dues = Dues { collected, agreements, interest: schedule.interest(&standing) };
            schedule.draw(&mut standing);
            let run = deal.run(&schedule, &standing, &dues);
            standing.clone_from(&run.after);
            let (debt, depreciated_cost) = (standing.debt(), deal.depreciated_cost(run.date));
            let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
            dates.push(ProjectedDate { number, run, debt, depreciated_cost });
        }
        let measures = deal.measures(&dates);
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

    fn measures(&self, dates: &[ProjectedDate]) -> Measures {
        let borrows = self.terms().facilities.iter().any(|facility| !facility.draws.is_empty());
        let ends = dates.iter().rposition(|date| !date.debt.is_zero()).map_or(0, |last| last + 1);
        let payoff =
            dates.get(ends).filter(|_| borrows).map(|date| Payoff { number: date.number, date: date.run.date });
        let ratios = || dates.iter().filter_map(|date| date.run.tests.dscr);
        let llcr = Schedule::at(self, 0).and_then(|schedule| {
            let until = payoff.map(|payoff| payoff.date).or_else(|| dates.last().map(|date| date.run.date))?;
            schedule.loan_life_coverage(Standing::at_closing(self).debt(), until)
        });
        let flows = self.sponsor_flows(dates);
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

    /// What the sponsor is paid, less what it pays in, at the closing and on each date.
    fn sponsor_flows(&self, dates: &[ProjectedDate]) -> Vec<Amount> {
        let terms = self.terms();
        let paid_in = |after: Option<Day>, until: Day| {
            let falls = |day: Day| after.is_none_or(|after| day > after) && day <= until;
            let cost: Amount =
                terms.assets.iter().filter(|asset| falls(asset.in_service)).map(|asset| asset.cost).sum();
            let draws = terms.facilities.iter().flat_map(|facility| &facility.draws);
            cost - draws.filter(|draw| falls(draw.on)).map(|draw| draw.amount).sum()
        };
        let funded: Amount = terms.reserves.iter().map(|reserve| reserve.funded).sum();
        let mut flows = vec![-(paid_in(None, terms.closing) + funded)];
        let mut after = terms.closing;
        for date in dates {
            let paid = self.paid_to(&date.run, |pays, _| *pays == Pays::Sponsor {});
            flows.push(paid - paid_in(Some(after), date.run.date));
            after = date.run.date;
        }
        flows
    }
}
