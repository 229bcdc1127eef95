//! A projection as CSV.

use std::fmt::Write as _;

use ledger::deal::{AgreementKind, Deal, Pays, Projection};

/// A row for each date: what was paid, by kind, and what is left.
///
/// # Errors
/// None but what writing to a string has.
pub fn projection_csv(deal: &Deal, projection: &Projection) -> anyhow::Result<String> {
    let mut text = "month,date,collected,datacenter,power,o_and_m,agent,interest,principal,reserve,sponsor,debt,\
                    depreciated_cost,dscr\n"
        .to_owned();
    for date in &projection.dates {
        let agreements = |kinds: &[AgreementKind]| {
            deal.paid_to(&date.run, |_, agreement| agreement.is_some_and(|kind| kinds.contains(&kind)))
        };
        let to = |is_meant: fn(&Pays) -> bool| deal.paid_to(&date.run, |pays, _| is_meant(pays));
        let repays = |pays: &Pays| matches!(pays, Pays::Principal(_) | Pays::Prepayment(_) | Pays::Sweep { .. });
        let amounts = [
            date.run.collected,
            agreements(&[AgreementKind::DataCenter]),
            agreements(&[AgreementKind::Power]),
            agreements(&[AgreementKind::OAndM, AgreementKind::Insurance]),
            agreements(&[AgreementKind::Agent, AgreementKind::Hedge]),
            to(|pays| matches!(pays, Pays::Interest(_))),
            to(repays),
            date.run.after.reserves.values().copied().sum(),
            to(|pays| *pays == Pays::Sponsor {}),
            date.debt,
            date.depreciated_cost,
        ];
        let amounts = amounts.map(|amount| format!("{:.2}", amount.to_decimal()));
        let dscr = date.run.tests.dscr.map(|dscr| dscr.to_string()).unwrap_or_default();
        writeln!(text, "{},{},{},{dscr}", date.number, date.run.date, amounts.join(","))?;
    }
    Ok(text)
}
