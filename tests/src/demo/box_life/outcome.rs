//! What came of a box's life: its runs beside the projection, what its lender was told, and what is left.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::{LATE_MONTH, Life, OUTAGE_MONTH};
use crate::demo::Teller;

/// The months whose statements for the lender are told.
const STATEMENTS: [u32; 3] = [1, 7, 30];

impl Life {
    /// Compares what happened with the projection that is told of the outage and of the late payment, and tells what the lender was told.
    pub(super) async fn compare(&self, tell: &mut Teller<'_>) -> anyhow::Result<()> {
        let month = |month: u32| self.first_of(month).strftime("%Y-%m").to_string();
        let mut what_ifs = Vec::new();
        if self.runs.len() >= OUTAGE_MONTH as usize {
            let paid = json!({"contract": "anchor", "month": month(OUTAGE_MONTH), "paid": self.short});
            what_ifs.push(json!({"short_payment": paid}));
        }
        if self.runs.len() >= LATE_MONTH as usize {
            let late = json!({"contract": "anchor", "month": month(LATE_MONTH), "months": 1, "share": "0.25"});
            what_ifs.push(json!({"late_payment": late}));
        }
        let expected = self.finance.get(&self.path("projection?from=closing")).await.success()?;
        let told =
            self.finance.post(&self.path("projection?from=closing"), &json!({"what_ifs": what_ifs})).await.success()?;
        let dates = told["dates"].as_array().context("dates")?;
        for (run, projected) in self.runs.iter().zip(dates) {
            let (run, date) = (&run["run"], &run["determination_date"]);
            for part in ["collected", "drawn", "released", "steps", "tests", "after"] {
                let (is, should) = (&run[part], &projected[part]);
                ensure!(is == should, "{part} of {date} is {is}, and in the projection {should}");
            }
        }
        tell.heading("What was projected")?;
        tell.line(&format!(
            "{} months are to the micro-unit those of the projection that is told of the outage and the late payment",
            self.runs.len()
        ))?;
        let repaid = self.runs.iter().position(|run| run["debt"] == "0.00").map(|index| index + 1);
        if let Some(repaid) = repaid {
            let (projected, with) = (payoff(&expected), payoff(&told));
            tell.line(&format!(
                "the debt is repaid in month {repaid}; projected before: {projected}; with what has happened: {with}"
            ))?;
            ensure!(Some(repaid as u64) == told["measures"]["payoff"]["number"].as_u64(), "not as projected: {told}");
        }
        for month in STATEMENTS.into_iter().filter(|month| *month as usize <= self.runs.len()) {
            let date = self.first_of(month + 1);
            tell.heading(&format!("The lender's statement of month {month}"))?;
            let path = self.path(&format!("statement?date={date}&format=csv"));
            tell.line(self.finance.text(&path).await.trim_end())?;
        }
        Ok(())
    }

    /// The box ends: nothing is owed or kept, the hardware is the sponsor's, and every account is zero.
    pub(super) async fn end(&self, tell: &mut Teller<'_>) -> anyhow::Result<()> {
        let path = format!("/v1/ledger/trial-balance?entity=box:{}&currency=USD", self.id);
        let trial = self.finance.get(&path).await.success()?;
        tell.heading("The box's trial balance before its end")?;
        tell.table(&trial["rows"], &["account", "debit", "credit", "balance"])?;
        let ended = self.finance.post(&self.path("wind-up"), &json!({})).await.success()?;
        ensure!(ended["wound_up"] == true, "the box did not end: {ended}");
        let trial = self.finance.get(&path).await.success()?;
        for row in trial["rows"].as_array().context("rows")? {
            ensure!(row["balance"] == "0.00", "something is left over: {row}");
        }
        tell.line("the box is wound up, and every account of it is zero")
    }
}

/// The month in which a projection repays the debt.
pub(super) fn payoff(projection: &Value) -> &Value {
    &projection["measures"]["payoff"]["number"]
}

/// A run as a row.
pub(super) fn row(run: &Value) -> anyhow::Result<String> {
    let steps = run["run"]["steps"].as_array().context("steps")?;
    let paid = |name: &str| {
        let step = steps.iter().find(|step| step["name"] == name);
        step.map_or(Value::Null, |step| step["paid"].clone())
    };
    let cells = [
        run["determination_date"].clone(),
        run["run"]["collected"].clone(),
        paid("interest"),
        paid("principal"),
        run["run"]["after"]["reserves"]["debt_service"].clone(),
        paid("sponsor"),
        run["debt"].clone(),
        run["run"]["tests"]["dscr"].clone(),
    ];
    Ok(cells.map(|cell| format!("{:>15}", cell.as_str().unwrap_or_default())).concat())
}
