//! The lender's statement of a determination date: what came in, who was paid, what is owed and kept, and the covenants.

use std::collections::BTreeMap;

use askama::Template;
use ledger::deal::{Deal, ItemAmount, Pays, Quantity, Run, RunStep, Standing};
use ledger::{Amount, BoxId, ItemName};
use matching::{BoxRecord, PostedRun};
use wire::boxes::statement::{AccountStatement, CovenantStatement, FacilityStatement, LenderStatement, StepStatement};

/// The statement of a run that stands; nothing where the box has no deal of its version.
pub fn lender_statement(id: BoxId, record: &BoxRecord, run: &PostedRun) -> Option<LenderStatement> {
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
    Some(LenderStatement {
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
        steps: run.steps.iter().map(step_statement).collect(),
        covenants: covenants(deal, run, (before.debt() + drawn, run.after.debt() - prepaid)),
        locked_up: run.tests.locked_up,
    })
}

/// The page that shows a statement.
#[derive(Template)]
#[template(path = "lender_statement.html")]
struct StatementPage<'a> {
    statement: &'a LenderStatement,
}

/// The statement as a page to print.
///
/// # Errors
/// When it cannot be written, which is a defect.
pub fn lender_statement_html(statement: &LenderStatement) -> anyhow::Result<String> {
    Ok(StatementPage { statement }.render()?)
}

/// The statement as CSV: a row for each amount or test, with its section, what it is of, and what it is.
///
/// # Errors
/// When it cannot be written, which is a defect.
pub fn lender_statement_csv(statement: &LenderStatement) -> anyhow::Result<String> {
    let mut rows = csv::Writer::from_writer(Vec::new());
    rows.write_record(["section", "of", "item", "value"])?;
    let mut row = |section: &str, of: &str, item: &str, value: &dyn std::fmt::Display| {
        rows.write_record([section, of, item, &value.to_string()])
    };
    for (item, amount) in [
        ("collected", statement.collected),
        ("untrapped", statement.untrapped),
        ("drawn", statement.drawn),
        ("released", statement.released),
        ("available", statement.available),
    ] {
        row("cash", "", item, &amount)?;
    }
    for facility in &statement.facilities {
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
    for account in &statement.accounts {
        let amounts = [account.opening, account.given, account.taken, account.closing];
        for (item, amount) in ["opening", "given", "taken", "closing"].into_iter().zip(amounts) {
            row("account", &account.name, item, &amount)?;
        }
    }
    for step in &statement.steps {
        let amounts = [step.due, step.carried, step.available, step.paid, step.shortfall];
        for (item, amount) in ["due", "carried", "available", "paid", "shortfall"].into_iter().zip(amounts) {
            row("step", step.name.as_str(), item, &amount)?;
        }
    }
    for covenant in &statement.covenants {
        row("covenant", &covenant.name, "required", &covenant.required)?;
        row("covenant", &covenant.name, "actual", &covenant.actual)?;
        row("covenant", &covenant.name, "kept", &covenant.kept)?;
    }
    row("covenant", "", "locked_up", &statement.locked_up)?;
    Ok(String::from_utf8(rows.into_inner()?)?)
}

fn step_statement(step: &RunStep) -> StepStatement {
    let RunStep { name, due, carried, available, paid, shortfall, .. } = *step;
    StepStatement { name, due, carried, available, paid, shortfall }
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
    let at_least = |name: &'static str, ratio: Option<Quantity>| {
        let ratio = ratio?;
        let (required, actual, kept) = (format!("at least {ratio}"), dscr.clone(), !tests.is_below(ratio));
        Some(CovenantStatement { name: name.into(), required, actual, kept })
    };
    let ltv = promised.ltv_max.map(|most| {
        let without = if debt.is_zero() { "no debt" } else { "nothing is left of the hardware" };
        let actual = tests.ltv.map_or_else(|| without.to_owned(), |ltv| ltv.to_string());
        let kept = !promised.is_above_ltv(debt, deal.depreciated_cost(run.date));
        CovenantStatement { name: "LTV".into(), required: format!("at most {most}"), actual, kept }
    });
    let eligible = tests.eligible_debt.map(|most| CovenantStatement {
        name: "eligible debt".into(),
        required: format!("at most {most}"),
        actual: debt_after.to_string(),
        kept: debt_after <= most,
    });
    let dscrs = [at_least("DSCR, lock-up", promised.lock_up_dscr), at_least("DSCR, default", promised.default_dscr)];
    dscrs.into_iter().chain([ltv, eligible]).flatten().collect()
}
