//! How far a box is in its deal, and what its next run takes up.

use std::collections::BTreeMap;

use super::document::Deal;
use super::funding::{Funding, ItemAmount};
use super::period::Period;
use super::run::Run;
use super::schedule::Schedule;
use super::standing::{Dues, Standing};
use super::supplier_invoices::SupplierInvoices;
use crate::calendar::Day;
use crate::identity::ItemName;
use crate::money::Amount;

/// The most waterfall runs of a box.
const RUNS_MAX: usize = 1_400;

/// What a client paid a box.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Collected {
    /// The day the money came.
    pub paid: Day,
    /// How much.
    pub amount: Amount,
}

impl Collected {
    /// Whether the run of a determination date takes it up: what came by the end of that day is paid out.
    pub fn is_taken_up_on(&self, date: Day) -> bool {
        self.paid <= date
    }
}

/// How far a box is in its deal: all that its next run depends on besides the deal.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    /// How many runs it has had, but for those that were reversed.
    pub runs: usize,
    /// Where it stands after the last of them, or after the closing.
    pub standing: &'a Standing,
    /// What its suppliers have invoiced.
    pub invoices: &'a SupplierInvoices,
    /// What its clients have paid that no run has taken up.
    pub collected: Vec<Collected>,
}

impl Progress<'_> {
    /// Whether something is still owed, kept, carried or collected.
    fn is_open(&self) -> bool {
        let Standing { debts, reserves, trapped, carried, .. } = self.standing;
        let mut kept = debts.values().chain(reserves.values()).chain([trapped]);
        !self.collected.is_empty() || !carried.is_empty() || kept.any(|amount| !amount.is_zero())
    }

    /// What the run of a determination date pays out of what clients have paid.
    fn collected_by(&self, date: Day) -> Amount {
        self.collected.iter().filter(|paid| paid.is_taken_up_on(date)).map(|paid| paid.amount).sum()
    }
}

/// The run of a period, with all that it takes up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PeriodRun {
    /// What the deal means to draw and buy in the period.
    pub funding: Funding,
    /// What each contract that was made elsewhere earned in it.
    pub revenue: Vec<ItemAmount>,
    /// What of each asset was used up in it.
    pub depreciation: Vec<ItemAmount>,
    /// What was collected, and what fell due.
    pub dues: Dues,
    /// What is paid out.
    pub run: Run,
    /// What agreements had charged too much before and have still to take back, by name: below zero.
    pub corrections_left: BTreeMap<ItemName, Amount>,
}

impl Deal {
    /// The period up to the next determination date. Behind the contracts' end there is one more while something is
    /// still owed, kept, carried or collected; None when there is nothing.
    pub fn next_period(&self, progress: &Progress<'_>) -> Option<Period> {
        let number = progress.runs;
        let is_over = number >= self.periods().len() && !progress.is_open();
        let periods = self.periods_through(number);
        periods.get(number).filter(|_| !is_over && number < RUNS_MAX).cloned()
    }

    /// The run of the next period: what was drawn, earned, used up, invoiced and collected in it is taken up, and what
    /// there is is paid out. None where no period is next.
    pub fn next_run(&self, progress: &Progress<'_>) -> Option<PeriodRun> {
        let Period { from, date, .. } = self.next_period(progress)?;
        let periods = self.periods_through(progress.runs);
        let schedule = Schedule::of(self, &periods, progress.runs)?;
        let dues = schedule.dues(progress.standing, progress.collected_by(date), progress.invoices);
        let mut standing = progress.standing.clone();
        schedule.draw(&mut standing);
        Some(PeriodRun {
            funding: self.terms().funding_between(from, date),
            revenue: schedule.revenue(),
            depreciation: schedule.depreciation(),
            run: self.run(&schedule, &standing, &dues),
            dues,
            corrections_left: schedule.corrections_left(progress.invoices),
        })
    }
}
