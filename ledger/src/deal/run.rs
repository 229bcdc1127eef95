//! A waterfall run: what was collected by a determination date, paid out by the deal.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::covenant::{CovenantTests, is_below};
use super::document::Deal;
use super::priority::{Condition, Pays, PriorityStep};
use super::quantity::{Figure, Quantity, times};
use super::reserve::{Reserve, ReserveTarget};
use super::schedule::Schedule;
use super::standing::{Dues, Standing};
use super::waterfall::{Step, StepPaid, pay_rank};
use crate::calendar::Day;
use crate::identity::ItemName;
use crate::money::Amount;

/// What a step of a run got, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RunStep {
    /// Name of the step in the deal.
    pub name: ItemName,
    /// What it pays.
    pub pays: Pays,
    /// What fell due.
    pub due: Amount,
    /// What earlier runs had left unpaid.
    pub carried: Amount,
    /// What there was for it and all after it; of a group, for the group.
    pub available: Amount,
    /// What it got.
    pub paid: Amount,
    /// What it asked for and did not get.
    pub shortfall: Amount,
}

impl RunStep {
    fn new(step: &PriorityStep, got: &StepPaid<ItemName>) -> Self {
        let StepPaid { name, due, carried, available, paid, shortfall } = *got;
        Self { name, pays: step.pays.clone(), due, carried, available, paid, shortfall }
    }
}

/// What came of a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// The determination date.
    pub date: Day,
    /// What was collected.
    pub collected: Amount,
    /// What was taken from the cash trap: all of it when the lock-up ended, else what cash was short of.
    pub untrapped: Amount,
    /// What was drawn from each reserve for what cash was short of, by name.
    pub drawn: BTreeMap<ItemName, Amount>,
    /// What each reserve held beyond its target and gave back, by name.
    pub released: BTreeMap<ItemName, Amount>,
    /// All of these together.
    pub available: Amount,
    /// What each step got of it.
    pub steps: Vec<RunStep>,
    /// What came of the covenants.
    pub tests: CovenantTests,
    /// Where the box stands after it.
    pub after: Standing,
}

/// A run in the making.
struct Making<'a> {
    deal: &'a Deal,
    schedule: &'a Schedule<'a>,
    dues: &'a Dues,
    /// The scheduled principal of each facility, by name.
    principal: BTreeMap<ItemName, Amount>,
    tests: CovenantTests,
    after: Standing,
    /// Whether scheduled principal leaves no debt, and is paid.
    pays_off: bool,
}

impl Deal {
    /// Pays out what was collected in the period that the schedule stands at, whose draws the standing has.
    ///
    /// What is available is what was collected, what the reserves are drawn for and release, and what leaves the cash trap; the steps get
    /// exactly that, and none gets anything while one before it is short.
    pub(super) fn run(&self, schedule: &Schedule<'_>, standing: &Standing, dues: &Dues) -> Run {
        let principal = schedule.principal(standing, dues);
        let tests = self.tests(schedule, standing, dues, &principal);
        let after = standing.clone();
        let mut making = Making { deal: self, schedule, dues, principal, tests, after, pays_off: false };
        let covered = making.cover_shortfall();
        let released = making.release();
        let untrapped = covered.untrapped + making.untrap();
        let taken = |amounts: &BTreeMap<ItemName, Amount>| amounts.values().copied().sum::<Amount>();
        let available = dues.collected + untrapped + taken(&covered.drawn) + taken(&released);
        let steps = making.pay(available);
        let Making { tests, after, .. } = making;
        let (date, collected, drawn) = (schedule.period().date, dues.collected, covered.drawn);
        Run { date, collected, untrapped, drawn, released, available, steps, tests, after }
    }

    /// The covenants of a date.
    fn tests(
        &self,
        schedule: &Schedule<'_>,
        before: &Standing,
        dues: &Dues,
        principal: &BTreeMap<ItemName, Amount>,
    ) -> CovenantTests {
        let covenants = &self.terms().covenants;
        let cfads = dues.collected - self.cost(dues, false);
        let interest: Amount = dues.interest.values().copied().sum();
        let debt_service = self.cost(dues, true) + interest + principal.values().copied().sum();
        let debt = before.debt();
        let depreciated_cost = self.depreciated_cost(schedule.period().date);
        let of = |part: Amount, whole: Amount| Figure::ratio(part.to_decimal(), whole.to_decimal());
        let is_below = |ratio: Option<Quantity>| ratio.is_some_and(|ratio| is_below(cfads, debt_service, ratio));
        let is_owed = !debt.is_zero();
        let is_broken = is_owed && (is_below(covenants.lock_up_dscr) || covenants.is_above_ltv(debt, depreciated_cost));
        let is_cured = before.kept + 1 >= covenants.cured_after.unwrap_or(1);
        CovenantTests {
            cfads,
            debt_service,
            dscr: of(cfads, debt_service).filter(|_| is_owed),
            ltv: of(debt, depreciated_cost).filter(|_| is_owed),
            eligible_debt: schedule.eligible_debt(depreciated_cost),
            broken: is_broken,
            locked_up: is_broken || (before.locked_up && is_owed && !is_cured),
            default: is_owed && is_below(covenants.default_dscr),
        }
    }

    /// The step that pays the scheduled principal of a facility.
    pub(super) fn principal_step(&self, facility: ItemName) -> Option<ItemName> {
        let is_its_own = |pays: &Pays| matches!(pays, Pays::Principal(name) if *name == facility);
        self.terms().priority.iter().find(|step| is_its_own(&step.pays)).map(|step| step.name)
    }

    /// What fell due under the agreements of the debt, or under those of operations.
    fn cost(&self, dues: &Dues, serves_debt: bool) -> Amount {
        let agreements = self.terms().agreements.iter().filter(|agreement| agreement.kind.serves_debt() == serves_debt);
        agreements.filter_map(|agreement| dues.agreements.get(&agreement.name)).copied().sum()
    }
}

/// What cash was short of and was taken from elsewhere.
struct Covered {
    untrapped: Amount,
    drawn: BTreeMap<ItemName, Amount>,
}

impl Making<'_> {
    /// Takes what cash is short of from the trap, then from the reserves in their order.
    fn cover_shortfall(&mut self) -> Covered {
        let terms = self.deal.terms();
        let short = |wanted: Amount, cash: Amount| (wanted - cash).max(Amount::ZERO);
        let is_principal = |step: &PriorityStep| matches!(step.pays, Pays::Principal(_));
        let through_principal = terms.priority.iter().rposition(is_principal);
        let wanted = self.wanted_through(through_principal);
        let mut cash = self.dues.collected;
        let untrapped = self.after.trapped.min(short(wanted, cash));
        self.after.trapped -= untrapped;
        cash += untrapped;
        let mut drawn = BTreeMap::new();
        for Reserve { name, covers_through, .. } in &terms.reserves {
            let short = short(self.wanted_through(self.deal.position(*covers_through)), cash);
            let amount = self.after.held_in(*name).min(short);
            if !amount.is_zero() {
                *self.after.reserves.entry(*name).or_default() -= amount;
                drawn.insert(*name, amount);
                cash += amount;
            }
        }
        let principal: Amount =
            terms.priority.iter().filter(|step| is_principal(step)).map(|step| self.wanted(step)).sum();
        self.pays_off = cash >= wanted && self.after.debt() == principal;
        Covered { untrapped, drawn }
    }

    /// What the steps up to a position ask for.
    fn wanted_through(&self, last: Option<usize>) -> Amount {
        let steps = last.and_then(|last| self.deal.terms().priority.get(..=last)).unwrap_or_default();
        steps.iter().map(|step| self.wanted(step)).sum()
    }

    /// Whether no debt is left once scheduled principal is paid.
    fn ends_debt(&self) -> bool {
        self.pays_off || self.after.debt().is_zero()
    }

    /// Takes all out of the cash trap, unless it is to stay.
    fn untrap(&mut self) -> Amount {
        let stays = !self.ends_debt() && (self.tests.locked_up || self.after.accelerated);
        if stays { Amount::ZERO } else { std::mem::take(&mut self.after.trapped) }
    }

    /// Takes what the reserves hold beyond their targets.
    fn release(&mut self) -> BTreeMap<ItemName, Amount> {
        let mut released = BTreeMap::new();
        for reserve in &self.deal.terms().reserves {
            let above = self.after.held_in(reserve.name) - self.target(reserve);
            if above > Amount::ZERO {
                *self.after.reserves.entry(reserve.name).or_default() -= above;
                released.insert(reserve.name, above);
            }
        }
        released
    }

    /// What a reserve is to hold after this date.
    fn target(&self, reserve: &Reserve) -> Amount {
        let serves_no_debt = (self.ends_debt() || self.after.accelerated) && !reserve.outlives_debt;
        if self.schedule.is_last() || serves_no_debt {
            return Amount::ZERO;
        }
        let so_many = |count: Decimal, amount: Amount| times(amount.max(Amount::ZERO), count);
        let target = match &reserve.target {
            ReserveTarget::Amount(amount) => Some(*amount),
            ReserveTarget::DebtService(count) => so_many(count.decimal(), self.tests.debt_service),
            ReserveTarget::SupportedService { times, dscr } => {
                so_many(times.decimal() / dscr.decimal(), self.schedule.period().cfads())
            }
            ReserveTarget::Agreement { name, times } => {
                so_many(times.decimal(), self.dues.agreements.get(name).copied().unwrap_or_default())
            }
        };
        target.unwrap_or(Amount::LINE_MAX)
    }

    /// What falls due to a step, with so much left for it and those after it.
    fn due(&self, step: &PriorityStep, left: Amount) -> Amount {
        let of = |amounts: &BTreeMap<ItemName, Amount>, name: &ItemName| amounts.get(name).copied().unwrap_or_default();
        match &step.pays {
            Pays::Agreement(name) => of(&self.dues.agreements, name),
            Pays::Interest(name) => of(&self.dues.interest, name),
            Pays::Principal(name) => of(&self.principal, name),
            Pays::Prepayment(name) => self.ineligible(*name),
            Pays::Reserve(name) => self.to_reserve(*name),
            Pays::Sweep { facility, share } => {
                let part = times(left, share.decimal()).unwrap_or(left);
                part.min(left).min(self.after.owed_on(*facility))
            }
            Pays::Trap {} | Pays::Sponsor {} => left,
        }
    }

    /// The most that a step takes.
    fn cap(&self, step: &PriorityStep) -> Option<Amount> {
        let pays = step.when.iter().all(|condition| self.holds(*condition));
        if pays { step.cap } else { Some(Amount::ZERO) }
    }

    /// What a step asks for whose dues do not depend on what is left.
    fn wanted(&self, step: &PriorityStep) -> Amount {
        let owed = self.due(step, Amount::ZERO) + self.after.carried_by(step.name);
        self.cap(step).map_or(owed, |cap| owed.min(cap))
    }

    fn step(&self, step: &PriorityStep, due: Amount) -> Step<ItemName> {
        let (cap, carried) = (self.cap(step), self.after.carried_by(step.name));
        Step { name: step.name, due, carried, cap, group: step.group }
    }

    /// What a reserve is short of its target, as far as it takes on one date.
    fn to_reserve(&self, name: ItemName) -> Amount {
        let reserve = self.deal.terms().reserves.iter().find(|reserve| reserve.name == name);
        reserve.map_or(Amount::ZERO, |reserve| {
            let below = (self.target(reserve) - self.after.held_in(name)).max(Amount::ZERO);
            reserve.top_up_max.map_or(below, |most| below.min(most))
        })
    }

    /// What of a facility's debt is more than is eligible. Of several facilities, the one whose step comes first is prepaid first.
    fn ineligible(&self, facility: ItemName) -> Amount {
        let Some(eligible) = self.tests.eligible_debt else { return Amount::ZERO };
        let owed = self.after.owed_on(facility);
        (self.after.debt() - eligible).clamp(Amount::ZERO, owed)
    }

    fn holds(&self, condition: Condition) -> bool {
        let tests = &self.tests;
        match condition {
            Condition::DscrBelow(ratio) => tests.is_below(ratio),
            Condition::DscrAtLeast(ratio) => !tests.is_below(ratio),
            Condition::LockedUp {} => tests.locked_up,
            Condition::NotLockedUp {} => !tests.locked_up,
            Condition::NoDebt {} => self.after.debt().is_zero(),
        }
    }

    /// Pays the steps in their order; the sponsor, or the cash trap, keeps what is left.
    fn pay(&mut self, available: Amount) -> Vec<RunStep> {
        let mut left = available;
        let priority = &self.deal.terms().priority;
        let mut paid: Vec<RunStep> = Vec::with_capacity(priority.len());
        let mut got = Vec::new();
        for rank in priority.chunk_by(|one, next| one.group.is_some() && one.group == next.group) {
            let passes_on = rank[0].pays == (Pays::Trap {}) && self.may_distribute(&paid);
            let due = |step| if passes_on { Amount::ZERO } else { self.due(step, left) };
            let asked: Vec<Step<ItemName>> = rank.iter().map(|step| self.step(step, due(step))).collect();
            pay_rank(&mut left, &asked, &mut got);
            for (step, got) in rank.iter().zip(got.drain(..)) {
                self.settle(step, &got);
                paid.push(RunStep::new(step, &got));
            }
        }
        self.after.locked_up = self.tests.locked_up && !self.after.debt().is_zero();
        self.after.kept = if self.tests.broken { 0 } else { self.after.kept + 1 };
        paid
    }

    /// Whether the sponsor is to be paid what is left.
    fn may_distribute(&self, paid: &[RunStep]) -> bool {
        let terms = self.deal.terms();
        let is_full = |reserve: &Reserve| self.after.held_in(reserve.name) >= self.target(reserve);
        let are_full = terms.distributions.while_reserves_fill || terms.reserves.iter().all(is_full);
        let is_barred = !self.ends_debt() && (self.tests.locked_up || self.after.accelerated);
        are_full && !is_barred && paid.iter().all(|step| step.shortfall.is_zero())
    }

    /// What a payment changes.
    fn settle(&mut self, step: &PriorityStep, got: &StepPaid<ItemName>) {
        match &step.pays {
            Pays::Principal(name) | Pays::Prepayment(name) | Pays::Sweep { facility: name, .. } => {
                *self.after.debts.entry(*name).or_default() -= got.paid;
            }
            Pays::Reserve(name) => *self.after.reserves.entry(*name).or_default() += got.paid,
            Pays::Trap {} => self.after.trapped += got.paid,
            Pays::Agreement(_) | Pays::Interest(_) | Pays::Sponsor {} => {}
        }
        if matches!(step.pays, Pays::Agreement(_) | Pays::Interest(_) | Pays::Principal(_)) {
            let unpaid = got.due + got.carried - got.paid;
            if unpaid.is_zero() {
                self.after.carried.remove(&step.name);
            } else {
                self.after.carried.insert(step.name, unpaid);
            }
        }
    }
}
