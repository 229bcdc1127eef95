//! The waterfall: what is available, paid out step by step in order.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::invariant::{Invariant, exact};
use crate::money::Amount;
use crate::rounding::split;

/// The most steps of a waterfall.
const STEPS_MAX: usize = 100;

/// What a step asks for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step<N = String> {
    /// Its name, which no other step has.
    pub name: N,
    /// What falls due now.
    #[serde(default)]
    pub due: Amount,
    /// What earlier runs left unpaid.
    #[serde(default)]
    pub carried: Amount,
    /// The most that it takes in this run, whatever is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<Amount>,
    /// Steps in a row with the same group are of one rank: what is too little for all is split in proportion to what each asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<N>,
}

/// What a step got, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StepPaid<N = String> {
    /// Name of the step.
    pub name: N,
    /// What fell due.
    pub due: Amount,
    /// What earlier runs had left unpaid.
    pub carried: Amount,
    /// What there was for it and all after it; of a group, for the group.
    pub available: Amount,
    /// What it got.
    pub paid: Amount,
    /// What it asked for and did not get: due and carried, as far as its cap lets it ask.
    pub shortfall: Amount,
}

/// Why steps are no waterfall.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWaterfall {
    /// None, or too many.
    #[error("a waterfall has 1 to {STEPS_MAX} steps")]
    Steps,
    /// A name that is not one's own.
    #[error("the step {0:?} has no name of its own")]
    Name(String),
    /// An amount below zero, or beyond what the books take.
    #[error("an amount of {0} is below zero or above 1,000,000,000,000")]
    Amount(String),
    /// A group that others interrupt.
    #[error("the steps of the group {0:?} do not follow each other")]
    Group(String),
}

impl<N> Step<N> {
    /// What it asks for in this run.
    pub(super) fn wanted(&self) -> Amount {
        let owed = self.due + self.carried;
        self.cap.map_or(owed, |cap| owed.min(cap))
    }
}

impl Step {
    fn check(&self) -> Result<(), InvalidWaterfall> {
        let amounts = [Some(self.due), Some(self.carried), self.cap];
        let possible = |amount: Amount| (Amount::ZERO..=Amount::LINE_MAX).contains(&amount);
        if amounts.into_iter().flatten().all(possible) {
            Ok(())
        } else {
            Err(InvalidWaterfall::Amount(self.name.clone()))
        }
    }
}

/// Pays what is available out, step by step: each gets what it asks for as far as it goes, and the last keeps what is left, whatever
/// is due to it.
///
/// What the steps get is what was available, and where a step is short, none after it gets anything.
///
/// # Errors
/// [`InvalidWaterfall`] when the steps are not of a form that can be paid.
pub fn waterfall(available: Amount, steps: &[Step]) -> Result<Vec<StepPaid>, InvalidWaterfall> {
    check(available, steps)?;
    let mut left = available;
    let mut paid = Vec::with_capacity(steps.len());
    for rank in steps.chunk_by(|one, next| one.group.is_some() && one.group == next.group) {
        pay_rank(&mut left, rank, &mut paid);
    }
    if let Some(last) = paid.last_mut() {
        last.paid += left;
    }
    Ok(paid)
}

/// Pays the steps of one rank from what is left.
pub(super) fn pay_rank<N: Ord + Clone>(left: &mut Amount, rank: &[Step<N>], paid: &mut Vec<StepPaid<N>>) {
    let amounts = amounts(*left, rank);
    let available = *left;
    *left -= amounts.iter().copied().sum();
    paid.extend(rank.iter().zip(amounts).map(|(step, amount)| StepPaid {
        name: step.name.clone(),
        due: step.due,
        carried: step.carried,
        available,
        paid: amount,
        shortfall: step.wanted() - amount,
    }));
}

/// What each step of one rank gets.
fn amounts<N: Ord>(left: Amount, rank: &[Step<N>]) -> Vec<Amount> {
    let wanted: Vec<Amount> = rank.iter().map(Step::wanted).collect();
    if wanted.iter().copied().sum::<Amount>() <= left {
        return wanted;
    }
    // Names are the ids by which ties are broken. In range: amounts are not negative, and lines of the books at most.
    let weight = |amount: &Amount| exact::<_, u64>(amount.micros());
    let shares: Vec<(&N, u64)> = rank.iter().zip(&wanted).map(|(step, wanted)| (&step.name, weight(wanted))).collect();
    let parts =
        split(left, &shares).unwrap_or_else(|| Invariant::SplitInRange.violated(format_args!("{left} for nobody")));
    parts.into_iter().map(|(_, part)| part).collect()
}

fn check(available: Amount, steps: &[Step]) -> Result<(), InvalidWaterfall> {
    if steps.is_empty() || steps.len() > STEPS_MAX {
        return Err(InvalidWaterfall::Steps);
    }
    if !(Amount::ZERO..=Amount::LINE_MAX).contains(&available) {
        return Err(InvalidWaterfall::Amount(available.to_string()));
    }
    let (mut names, mut groups) = (BTreeSet::new(), BTreeSet::new());
    for step in steps {
        step.check()?;
        if step.name.is_empty() || !names.insert(&step.name) {
            return Err(InvalidWaterfall::Name(step.name.clone()));
        }
    }
    for rank in steps.chunk_by(|one, next| one.group == next.group) {
        if let Some(group) = rank.first().and_then(|step| step.group.as_ref())
            && !groups.insert(group)
        {
            return Err(InvalidWaterfall::Group(group.clone()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount(text: &str) -> Amount {
        text.parse().expect("an amount")
    }

    /// A step as text: `interest 100`, `reserve 300+50 cap=200`, `a 10 group=lenders`.
    fn step(text: &str) -> Step {
        let mut words = text.split_whitespace();
        let (name, owed) = (words.next().expect("a name"), words.next().expect("an amount"));
        let (due, carried) = owed.split_once('+').unwrap_or((owed, "0"));
        let mut step =
            Step { name: name.to_owned(), due: amount(due), carried: amount(carried), cap: None, group: None };
        for word in words {
            match word.split_once('=').expect("an option") {
                ("cap", cap) => step.cap = Some(amount(cap)),
                (_, group) => step.group = Some(group.to_owned()),
            }
        }
        step
    }

    #[track_caller]
    fn check(available: &str, steps: &[&str], expected: &[&str]) {
        let steps: Vec<Step> = steps.iter().map(|text| step(text)).collect();
        let told = match waterfall(amount(available), &steps) {
            Err(error) => vec![error.to_string()],
            Ok(paid) => paid
                .iter()
                .map(|paid| {
                    let short =
                        if paid.shortfall.is_zero() { String::new() } else { format!(" short {}", paid.shortfall) };
                    format!("{} of {}: {}{short}", paid.name, paid.available, paid.paid)
                })
                .collect(),
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn each_step_gets_what_it_asks_for_as_far_as_it_goes() {
        check(
            "100",
            &["power 30", "interest 50", "sponsor 0"],
            &["power of 100.00: 30.00", "interest of 70.00: 50.00", "sponsor of 20.00: 20.00"],
        );
        check(
            "70",
            &["power 30", "interest 40+5", "sponsor 0"],
            &["power of 70.00: 30.00", "interest of 40.00: 40.00 short 5.00", "sponsor of 0.00: 0.00"],
        );
        check("0", &["power 30", "sponsor 0"], &["power of 0.00: 0.00 short 30.00", "sponsor of 0.00: 0.00"]);
    }

    #[test]
    fn a_cap_bounds_what_is_asked_for_and_is_no_shortfall() {
        check(
            "1000",
            &["reserve 9000 cap=500", "sponsor 0"],
            &["reserve of 1000.00: 500.00", "sponsor of 500.00: 500.00"],
        );
        check(
            "400",
            &["reserve 9000 cap=500", "sponsor 0"],
            &["reserve of 400.00: 400.00 short 100.00", "sponsor of 0.00: 0.00"],
        );
    }

    #[test]
    fn steps_of_a_group_share_in_proportion() {
        let lenders = ["power 10", "bank-a 60 group=lenders", "bank-b 30 group=lenders", "sponsor 0"];
        check(
            "40",
            &lenders,
            &[
                "power of 40.00: 10.00",
                "bank-a of 30.00: 20.00 short 40.00",
                "bank-b of 30.00: 10.00 short 20.00",
                "sponsor of 0.00: 0.00",
            ],
        );
        check(
            "0.00001",
            &["b 1 group=g", "a 1 group=g", "c 1 group=g", "left 0"],
            &[
                "b of 0.00001: 0.000003 short 0.999997",
                "a of 0.00001: 0.000004 short 0.999996",
                "c of 0.00001: 0.000003 short 0.999997",
                "left of 0.00: 0.00",
            ],
        );
    }

    #[test]
    fn what_cannot_be_paid_is_refused() {
        check("1", &[], &["a waterfall has 1 to 100 steps"]);
        check("-1", &["a 1"], &["an amount of -1.00 is below zero or above 1,000,000,000,000"]);
        check("1", &["a -1"], &["an amount of a is below zero or above 1,000,000,000,000"]);
        check("1", &["a 1", "a 1"], &["the step \"a\" has no name of its own"]);
        check("1", &["a 1 group=g", "b 1", "c 1 group=g"], &["the steps of the group \"g\" do not follow each other"]);
    }

    proptest! {
        #[test]
        fn what_is_paid_is_what_was_available_and_nothing_junior_is_paid_before_a_senior_step(
            available in 0i128..10_000_000_000,
            steps in prop::collection::vec((0i128..5_000_000_000, 0i128..1_000_000, prop::option::of(0i128..2_000_000_000), prop::option::of(0u8..3)), 1..12),
        ) {
            let micros = Amount::from_micros;
            // Groups in order, so that none is interrupted.
            let mut groups: Vec<_> = steps.iter().map(|step| step.3).collect();
            groups.sort_unstable();
            let steps: Vec<Step> = steps.iter().zip(groups).enumerate().map(|(n, ((due, carried, cap, _), group))| Step {
                name: format!("step-{n}"),
                due: micros(*due),
                carried: micros(*carried),
                cap: cap.map(micros),
                group: group.map(|group| format!("group-{group}")),
            }).collect();
            let paid = waterfall(micros(available), &steps).expect("a waterfall");
            prop_assert_eq!(paid.iter().map(|step| step.paid).sum::<Amount>(), micros(available));
            prop_assert!(paid.iter().all(|step| step.paid >= Amount::ZERO && step.shortfall >= Amount::ZERO));
            let rank = |n: usize| steps[n].group.clone().unwrap_or_else(|| format!("alone-{n}"));
            for (senior, step) in paid.iter().enumerate().filter(|(_, step)| !step.shortfall.is_zero()) {
                let junior = (senior + 1..paid.len()).filter(|junior| rank(*junior) != rank(senior));
                prop_assert!(junior.map(|junior| paid[junior].paid).all(Amount::is_zero), "{} is short", step.name);
            }
        }
    }
}
