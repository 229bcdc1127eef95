//! `secondwind box`: what a box's deal comes to, from files and without a server.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use ledger::Amount;
use ledger::deal::{self, Deal, DealTerms, FacilityTerms, Installment, Loan, Rounding, Step, StepPaid, WhatIf};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::print_out;
use crate::boxes::ProjectionFormat;

/// The most bytes of a file.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What to compute.
#[derive(Subcommand)]
pub(super) enum BoxCommand {
    /// Roll a deal forward over its contracts, and print every determination date.
    Project {
        /// The deal as JSON; `-` for standard input.
        deal: PathBuf,
        /// How it goes otherwise than by its terms: a JSON list of what-ifs.
        #[arg(long, value_name = "FILE")]
        what_if: Option<PathBuf>,
        /// `csv` has the payments by kind, `json` every step, the covenants and what the deal comes to, `svg` charts.
        #[arg(long, value_enum, default_value = "csv")]
        format: ProjectionFormat,
    },
    /// Print the JSON Schema of the deal document.
    Schema,
    /// Print what a loan pays, as CSV: date, opening, interest, principal, closing.
    Schedule {
        /// The loan's terms as JSON; `-` for standard input.
        facility: PathBuf,
    },
    /// Pay what is available out in order, and print what each step gets, as JSON.
    Waterfall {
        /// What is available, and the steps, as JSON; `-` for standard input.
        run: PathBuf,
    },
}

/// What there is to pay out, and whom.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    available: Amount,
    steps: Vec<Step>,
}

/// What the steps got.
#[derive(Serialize)]
struct Paid {
    available: Amount,
    steps: Vec<StepPaid>,
}

/// Carries it out.
pub(super) fn execute(command: &BoxCommand) -> anyhow::Result<ExitCode> {
    let text = match command {
        BoxCommand::Project { deal, what_if, format } => {
            let what_ifs: Vec<WhatIf> = what_if.as_deref().map(read).transpose()?.unwrap_or_default();
            project(read(deal)?, &what_ifs, *format)?
        }
        BoxCommand::Schema => schema()?,
        BoxCommand::Schedule { facility } => schedule(&read(facility)?)?,
        BoxCommand::Waterfall { run } => waterfall(&read(run)?)?,
    };
    print_out(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn project(terms: DealTerms, what_ifs: &[WhatIf], format: ProjectionFormat) -> anyhow::Result<String> {
    let deal = Deal::new(terms)?;
    let projection = deal.project(what_ifs)?;
    format.tell(&deal, &projection)
}

fn schema() -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(&schemars::schema_for!(DealTerms))? + "\n")
}

fn schedule(terms: &FacilityTerms) -> anyhow::Result<String> {
    let mut text = "date,opening,interest,principal,closing\n".to_owned();
    for row in Loan::from(terms).schedule()? {
        let Installment { date, opening, interest, principal, closing } = row;
        let amounts = [opening, interest, principal, closing].map(|amount| match terms.rounding {
            Rounding::Cent => format!("{amount:.2}"),
            Rounding::Exact => amount.normalize().to_string(),
        });
        writeln!(text, "{date},{}", amounts.join(","))?;
    }
    Ok(text)
}

fn waterfall(run: &Run) -> anyhow::Result<String> {
    let steps = deal::waterfall(run.available, &run.steps)?;
    Ok(serde_json::to_string_pretty(&Paid { available: run.available, steps })? + "\n")
}

/// A document from a file.
fn read<T: DeserializeOwned>(file: &Path) -> anyhow::Result<T> {
    let mut content = String::new();
    let bytes_max = FILE_BYTES_MAX + 1;
    let read = if file.as_os_str() == "-" {
        io::stdin().lock().take(bytes_max).read_to_string(&mut content)
    } else {
        File::open(file).and_then(|opened| opened.take(bytes_max).read_to_string(&mut content))
    };
    read.with_context(|| format!("cannot read {}", file.display()))?;
    if content.len() as u64 > FILE_BYTES_MAX {
        bail!("{} is longer than a mebibyte", file.display());
    }
    serde_json::from_str(&content).with_context(|| format!("{} is not what is expected", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loan_as_csv() {
        let terms = r#"{"principal": "80000000.00", "drawn": "2026-01-01", "rate": "0.083", "day_count": "ACT/360",
                        "first_payment": "2026-02-01", "cycle": "P1M", "maturity": "2026-03-01",
                        "repayment": {"linear": {}}}"#;
        let text = schedule(&serde_json::from_str(terms).unwrap()).unwrap();
        assert_eq!(
            text,
            "date,opening,interest,principal,closing\n\
             2026-02-01,80000000.00,571777.78,40000000.00,40000000.00\n\
             2026-03-01,40000000.00,258222.22,40000000.00,0.00\n"
        );
        let unknown = terms.replace("\"rate\"", "\"interest\"");
        assert!(serde_json::from_str::<FacilityTerms>(&unknown).is_err(), "nothing is read that is not understood");
    }

    /// Compares with a file of the repository; `SECONDWIND_BLESS=1` writes it instead.
    fn assert_kept(file: &str, text: &str) {
        let kept = format!("{}/../{file}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("SECONDWIND_BLESS").is_some() {
            std::fs::write(&kept, text).unwrap();
        }
        assert_eq!(text, std::fs::read_to_string(&kept).unwrap(), "{file}: run again with SECONDWIND_BLESS=1");
    }

    fn example(name: &str) -> DealTerms {
        let path = format!("{}/../infra/examples/box/{name}.json", env!("CARGO_MANIFEST_DIR"));
        read(Path::new(&path)).unwrap()
    }

    #[test]
    fn the_examples_come_to_what_is_kept_beside_them() {
        for name in ["reference", "reference-plus-600bp"] {
            let text = project(example(name), &[], ProjectionFormat::Csv).unwrap();
            assert_kept(&format!("infra/examples/box/{name}.csv"), &text);
        }
    }

    #[test]
    fn the_published_schema_is_that_of_the_deal_document() {
        assert_kept("docs/deal.schema.json", &schema().unwrap());
    }

    #[test]
    fn a_projections_first_rows_and_charts() {
        let terms = example("reference");
        let short = r#"[{"short_payment": {"contract": "anchor", "month": "2026-07", "paid": "4100000.00"}}]"#;
        let what_ifs: Vec<WhatIf> = serde_json::from_str(short).unwrap();
        let csv = project(terms.clone(), &what_ifs, ProjectionFormat::Csv).unwrap();
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(
            [lines[0], lines[1], lines[7], lines[60]],
            [
                "month,date,collected,datacenter,power,o_and_m,agent,interest,principal,reserve,sponsor,debt,depreciated_cost,dscr",
                "1,2026-02-01,5400000.00,950000.00,520000.00,130000.00,25000.00,571777.78,2443222.22,500000.00,260000.00,\
                 77556777.78,98611111.11,1.250",
                "7,2026-08-01,4100000.00,950000.00,520000.00,130000.00,25000.00,464487.17,2550512.83,2460000.00,0.00,\
                 62437976.08,90277777.78,0.822",
                "60,2031-01-01,5400000.00,950000.00,520000.00,130000.00,25000.00,0.00,0.00,0.00,3775000.00,0.00,16666666.67,",
            ]
        );
        let svg = project(terms, &what_ifs, ProjectionFormat::Svg).unwrap();
        for text in ["What each step is paid", "Debt and depreciated cost", "DSCR", "lock-up", "principal", "2026-"] {
            assert!(svg.contains(text), "{text}");
        }
    }

    #[test]
    fn the_short_month_of_the_reference_deal() {
        // What is collected and drawn from the reserve, before the sponsor.
        let run = r#"{"available": "4640000.00", "steps": [
            {"name": "data_center", "due": "950000.00"}, {"name": "power", "due": "520000.00"},
            {"name": "o_and_m", "due": "130000.00"}, {"name": "agent", "due": "25000.00"},
            {"name": "interest", "due": "464487.17"}, {"name": "principal", "due": "2550512.83"},
            {"name": "sponsor"}]}"#;
        let paid: serde_json::Value =
            serde_json::from_str(&waterfall(&serde_json::from_str(run).unwrap()).unwrap()).unwrap();
        assert_eq!(paid["steps"][5]["paid"], "2550512.83");
        assert_eq!(paid["steps"][6]["paid"], "0.00");
        let from_cash = run.replace("4640000.00", "4100000.00");
        let paid: serde_json::Value =
            serde_json::from_str(&waterfall(&serde_json::from_str(&from_cash).unwrap()).unwrap()).unwrap();
        assert_eq!(
            (&paid["steps"][5]["paid"], &paid["steps"][5]["shortfall"]),
            (&"2010512.83".into(), &"540000.00".into())
        );
    }
}
