//! The lender's statement of a determination date: what came in, who was paid, what is owed and kept, and the covenants.

use std::collections::BTreeMap;

use askama::Template;
use ledger::deal::{Deal, ItemAmount, Pays, Quantity, Run, RunStep, Standing};
use ledger::{Amount, BoxId, Currency, Day, ItemName, OrganizationId};
use matching::{BoxRecord, PostedRun};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A statement for the lenders.
#[derive(Serialize, Template, ToSchema)]
#[template(path = "lender_statement.html")]
pub struct LenderStatement {
    /// The box.
    #[serde(rename = "box")]
    id: Uuid,
    /// What its deal is called.
    name: String,
    /// Whose box it is.
    #[schema(value_type = String)]
    sponsor: OrganizationId,
    /// The currency of all amounts.
    #[schema(value_type = String)]
    currency: Currency,
    /// The version of the deal.
    version: u32,
    /// The day the period began.
    #[schema(value_type = String, format = Date)]
    period_from: Day,
    /// The determination date.
    #[schema(value_type = String, format = Date)]
    determination_date: Day,
    /// The event of the run.
    sequence: u64,
    /// What was collected in the period.
    #[schema(value_type = String)]
    collected: Amount,
    /// What the cash trap gave.
    #[schema(value_type = String)]
    untrapped: Amount,
    /// What reserves were drawn for.
    #[schema(value_type = String)]
    drawn: Amount,
    /// What reserves released.
    #[schema(value_type = String)]
    released: Amount,
    /// All of it: what was paid out.
    #[schema(value_type = String)]
    available: Amount,
    /// The facilities.
    facilities: Vec<FacilityStatement>,
    /// The reserves, and the cash trap.
    accounts: Vec<AccountStatement>,
    /// Who was due and got what, in the order of priority.
    steps: Vec<StepStatement>,
    /// The covenants.
    covenants: Vec<CovenantStatement>,
    /// Whether the sponsor is locked up.
    locked_up: bool,
}

/// A facility over the period.
#[derive(Serialize, ToSchema)]
pub struct FacilityStatement {
    /// Its name.
    #[schema(value_type = String)]
    name: ItemName,
    /// What was owed at the beginning.
    #[schema(value_type = String)]
    opening: Amount,
    /// What was drawn.
    #[schema(value_type = String)]
    drawn: Amount,
    /// The interest that fell due, with what earlier dates had left unpaid.
    #[schema(value_type = String)]
    interest_due: Amount,
    /// The interest that was paid.
    #[schema(value_type = String)]
    interest_paid: Amount,
    /// The scheduled principal that fell due, with what earlier dates had left unpaid.
    #[schema(value_type = String)]
    principal_due: Amount,
    /// The principal that was paid, prepayments and sweeps among it.
    #[schema(value_type = String)]
    principal_paid: Amount,
    /// What the sponsor repaid besides, before it was due.
    #[schema(value_type = String)]
    prepaid: Amount,
    /// What is owed at the end.
    #[schema(value_type = String)]
    closing: Amount,
}

/// Cash that is kept, over the period.
#[derive(Serialize, ToSchema)]
pub struct AccountStatement {
    /// The reserve's name, or `cash_trap`.
    name: String,
    /// What it held at the beginning.
    #[schema(value_type = String)]
    opening: Amount,
    /// What it gave.
    #[schema(value_type = String)]
    given: Amount,
    /// What it took.
    #[schema(value_type = String)]
    taken: Amount,
    /// What it holds at the end.
    #[schema(value_type = String)]
    closing: Amount,
}

/// A step of the priority of payments.
#[derive(Serialize, ToSchema)]
pub struct StepStatement {
    /// Its name.
    #[schema(value_type = String)]
    name: ItemName,
    /// What fell due.
    #[schema(value_type = String)]
    due: Amount,
    /// What earlier dates had left unpaid.
    #[schema(value_type = String)]
    carried: Amount,
    /// What there was for it and all after it.
    #[schema(value_type = String)]
    available: Amount,
    /// What it got.
    #[schema(value_type = String)]
    paid: Amount,
    /// What it asked for and did not get.
    #[schema(value_type = String)]
    shortfall: Amount,
}

/// A covenant, and whether it is kept.
#[derive(Serialize, ToSchema)]
pub struct CovenantStatement {
    /// Which.
    name: &'static str,
    /// What was promised.
    required: String,
    /// What is.
    actual: String,
    /// Whether that keeps the promise.
    kept: bool,
}

impl LenderStatement {
    /// The statement of a run that stands; nothing where the box has no deal of its version.
    pub fn of(id: BoxId, record: &BoxRecord, run: &PostedRun) -> Option<Self> {
        let PostedRun { sequence, content, before, .. } = run;
        let version = usize::try_from(content.version).ok()?.checked_sub(1)?;
        let deal = &record.versions.get(version)?.deal;
        let runs = record.life.as_ref().map_or(&[][..], |life| &life.runs);
        let earlier = runs.iter().rev().find(|earlier| earlier.content.run.date < content.run.date);
        let period_from = earlier.map_or(deal.terms().closing, |earlier| earlier.content.run.date);
        let sum = |amounts: &BTreeMap<ItemName, Amount>| amounts.values().copied().sum::<Amount>();
        let (terms, run) = (deal.terms(), &*content.run);
        let of = |items: &[ItemAmount], name: ItemName| {
            items.iter().filter(|item| item.name == name).map(|item| item.amount).sum::<Amount>()
        };
        let moved = |name: ItemName| (of(&content.funding.draws, name), of(&content.prepaid, name));
        let prepaid: Amount = content.prepaid.iter().map(|item| item.amount).sum();
        let drawn: Amount = content.funding.draws.iter().map(|draw| draw.amount).sum();
        Some(Self {
            id: id.uuid(),
            name: terms.name.to_string(),
            sponsor: terms.sponsor,
            currency: terms.currency,
            version: content.version,
            period_from,
            determination_date: run.date,
            sequence: *sequence,
            collected: run.collected,
            untrapped: run.untrapped,
            drawn: sum(&run.drawn),
            released: sum(&run.released),
            available: run.available,
            facilities: terms
                .facilities
                .iter()
                .map(|facility| facility_statement(facility.name, before, run, moved(facility.name)))
                .collect(),
            accounts: accounts(deal, before, run),
            steps: run.steps.iter().map(StepStatement::from).collect(),
            covenants: covenants(deal, run, (before.debt() + drawn, run.after.debt() - prepaid)),
            locked_up: run.tests.locked_up,
        })
    }

    /// The statement as a page to print.
    ///
    /// # Errors
    /// When it cannot be written, which is a defect.
    pub fn to_html(&self) -> anyhow::Result<String> {
        Ok(self.render()?)
    }

    /// The statement as CSV: a row for each amount or test, with its section, what it is of, and what it is.
    ///
    /// # Errors
    /// When it cannot be written, which is a defect.
    pub fn to_csv(&self) -> anyhow::Result<String> {
        let mut rows = csv::Writer::from_writer(Vec::new());
        rows.write_record(["section", "of", "item", "value"])?;
        let mut row = |section: &str, of: &str, item: &str, value: &dyn std::fmt::Display| {
            rows.write_record([section, of, item, &value.to_string()])
        };
        for (item, amount) in [
            ("collected", self.collected),
            ("untrapped", self.untrapped),
            ("drawn", self.drawn),
            ("released", self.released),
            ("available", self.available),
        ] {
            row("cash", "", item, &amount)?;
        }
        for facility in &self.facilities {
            for (item, amount) in [
                ("opening", facility.opening),
                ("drawn", facility.drawn),
                ("interest_due", facility.interest_due),
                ("interest_paid", facility.interest_paid),
                ("principal_due", facility.principal_due),
                ("principal_paid", facility.principal_paid),
                ("prepaid", facility.prepaid),
                ("closing", facility.closing),
            ] {
                row("facility", facility.name.as_str(), item, &amount)?;
            }
        }
        for account in &self.accounts {
            let amounts = [account.opening, account.given, account.taken, account.closing];
            for (item, amount) in ["opening", "given", "taken", "closing"].into_iter().zip(amounts) {
                row("account", &account.name, item, &amount)?;
            }
        }
        for step in &self.steps {
            let amounts = [step.due, step.carried, step.available, step.paid, step.shortfall];
            for (item, amount) in ["due", "carried", "available", "paid", "shortfall"].into_iter().zip(amounts) {
                row("step", step.name.as_str(), item, &amount)?;
            }
        }
        for covenant in &self.covenants {
            row("covenant", covenant.name, "required", &covenant.required)?;
            row("covenant", covenant.name, "actual", &covenant.actual)?;
            row("covenant", covenant.name, "kept", &covenant.kept)?;
        }
        row("covenant", "", "locked_up", &self.locked_up)?;
        Ok(String::from_utf8(rows.into_inner()?)?)
    }
}

impl From<&RunStep> for StepStatement {
    fn from(step: &RunStep) -> Self {
        let RunStep { name, due, carried, available, paid, shortfall, .. } = *step;
        Self { name, due, carried, available, paid, shortfall }
    }
}

/// A facility over the period, with what was drawn on it, and what the sponsor repaid of it.
fn facility_statement(
    name: ItemName,
    before: &Standing,
    run: &Run,
    (drawn, prepaid): (Amount, Amount),
) -> FacilityStatement {
    let of = |amounts: &BTreeMap<ItemName, Amount>| amounts.get(&name).copied().unwrap_or_default();
    let steps = |is_meant: &dyn Fn(&Pays) -> bool| {
        let steps = run.steps.iter().filter(|step| is_meant(&step.pays));
        steps.fold((Amount::ZERO, Amount::ZERO), |(due, paid), step| (due + step.due + step.carried, paid + step.paid))
    };
    let (interest_due, interest_paid) = steps(&|pays| *pays == Pays::Interest(name));
    let (principal_due, scheduled) = steps(&|pays| *pays == Pays::Principal(name));
    let (_, early) = steps(&|pays| match pays {
        Pays::Prepayment(facility) | Pays::Sweep { facility, .. } => *facility == name,
        _ => false,
    });
    FacilityStatement {
        name,
        opening: of(&before.debts),
        drawn,
        interest_due,
        interest_paid,
        principal_due,
        principal_paid: scheduled + early,
        prepaid,
        closing: of(&run.after.debts) - prepaid,
    }
}

/// The reserves in the order of the deal, and the cash trap.
fn accounts(deal: &Deal, before: &Standing, run: &Run) -> Vec<AccountStatement> {
    let of = |amounts: &BTreeMap<ItemName, Amount>, name| amounts.get(&name).copied().unwrap_or_default();
    let reserves = deal.terms().reserves.iter().map(|reserve| {
        let taken = run.steps.iter().filter(|step| step.pays == Pays::Reserve(reserve.name));
        AccountStatement {
            name: reserve.name.to_string(),
            opening: of(&before.reserves, reserve.name),
            given: of(&run.drawn, reserve.name) + of(&run.released, reserve.name),
            taken: taken.map(|step| step.paid).sum(),
            closing: of(&run.after.reserves, reserve.name),
        }
    });
    let taken = run.steps.iter().filter(|step| step.pays == Pays::Trap {}).map(|step| step.paid).sum();
    let trap = AccountStatement {
        name: "cash_trap".to_owned(),
        opening: before.trapped,
        given: run.untrapped,
        taken,
        closing: run.after.trapped,
    };
    reserves.chain([trap]).collect()
}

/// The covenants that the deal has, as they were tested, with what was owed before the run and after it.
fn covenants(deal: &Deal, run: &Run, (debt, debt_after): (Amount, Amount)) -> Vec<CovenantStatement> {
    let (promised, tests) = (&deal.terms().covenants, &run.tests);
    let dscr = tests.dscr.map_or_else(|| "no debt".to_owned(), |dscr| dscr.to_string());
    let at_least = |name, ratio: Option<Quantity>| {
        let ratio = ratio?;
        let (required, actual, kept) = (format!("at least {ratio}"), dscr.clone(), !tests.is_below(ratio));
        Some(CovenantStatement { name, required, actual, kept })
    };
    let ltv = promised.ltv_max.map(|most| {
        let without = if debt.is_zero() { "no debt" } else { "nothing is left of the hardware" };
        let actual = tests.ltv.map_or_else(|| without.to_owned(), |ltv| ltv.to_string());
        let kept = !promised.is_above_ltv(debt, deal.depreciated_cost(run.date));
        CovenantStatement { name: "LTV", required: format!("at most {most}"), actual, kept }
    });
    let eligible = tests.eligible_debt.map(|most| CovenantStatement {
        name: "eligible debt",
        required: format!("at most {most}"),
        actual: debt_after.to_string(),
        kept: debt_after <= most,
    });
    let dscrs = [at_least("DSCR, lock-up", promised.lock_up_dscr), at_least("DSCR, default", promised.default_dscr)];
    dscrs.into_iter().chain([ltv, eligible]).flatten().collect()
}
