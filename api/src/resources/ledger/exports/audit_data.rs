//! CSV for auditors: the columns of `GL_Detail` in the General Ledger Standard of the AICPA's Audit Data Standards (July 2015), as far as
//! the books have what they ask for, and after them what our books have besides.

use infra::reports::ExportedEntry;

use crate::problem::Problem;
use crate::resources::ledger::csv_record::{or_empty, push_record};
use crate::resources::ledger::journal::{ExportScope, JournalForm};

/// The standard's columns, then ours.
const COLUMNS: [&str; 26] = [
    "Journal_ID",
    "Journal_ID_Line_Number",
    "JE_Header_Description",
    "JE_Line_Description",
    "Source",
    "Business_Unit_Code",
    "Effective_Date",
    "Fiscal_Year",
    "Period",
    "GL_Account_Number",
    "Amount",
    "Amount_Credit_Debit_Indicator",
    "Amount_Currency",
    "Entered_By",
    "Entered_Date",
    "Entered_Time",
    "Approved_By",
    "Owner",
    "Signed_Amount",
    "Event",
    "Contract",
    "Box",
    "Rule",
    "Rule_Version",
    "Entry_Hash",
    "Corrects",
];
/// Who enters what no person does.
const ENTERED_BY: &str = "secondwind";

pub(super) struct AuditData;

impl JournalForm for AuditData {
    fn head(&self, _scope: &ExportScope) -> Result<String, Problem> {
        let mut text = String::new();
        push_record(&mut text, &COLUMNS);
        Ok(text)
    }

    fn entry(&self, scope: &ExportScope, exported: &ExportedEntry) -> Result<String, Problem> {
        let ExportedEntry { entry, at, manual } = exported;
        let number = entry.sequence.to_string();
        let day = entry.effective.to_string();
        let (year, period) = (entry.effective.year().to_string(), format!("{:02}", entry.effective.month()));
        let in_utc = |form| at.map(|at| at.strftime(form).to_string()).unwrap_or_default();
        let (entered, entered_time) = (in_utc("%Y-%m-%d"), in_utc("%H:%M:%S"));
        let (event, box_id) = (or_empty(entry.event), or_empty(entry.box_id));
        let version = entry.rule_version.to_string();
        let (header, entered_by, approved_by) = match manual {
            None => (entry.rule(), ENTERED_BY, ""),
            Some(manual) => {
                let said = if manual.text.is_empty() { entry.rule() } else { manual.text.clone() };
                (said, manual.entered_by.as_str(), manual.approved_by.as_str())
            }
        };
        let mut text = String::new();
        for line in &entry.lines {
            let contract = or_empty(line.contract.or(entry.contract));
            let described = [line.owner.as_str(), &contract].into_iter().filter(|part| !part.is_empty());
            push_record(
                &mut text,
                &[
                    &number,
                    &(line.line + 1).to_string(),
                    &header,
                    &described.collect::<Vec<_>>().join(" "),
                    &entry.rule_id,
                    &scope.entity,
                    &day,
                    &year,
                    &period,
                    &line.code,
                    &line.amount.abs().to_string(),
                    if line.amount < ledger::Amount::ZERO { "C" } else { "D" },
                    &line.currency,
                    entered_by,
                    &entered,
                    &entered_time,
                    approved_by,
                    &line.owner,
                    &line.amount.to_string(),
                    &event,
                    &contract,
                    &box_id,
                    &entry.rule_id,
                    &version,
                    &entry.hash,
                    entry.corrects.as_deref().unwrap_or_default(),
                ],
            );
        }
        Ok(text)
    }
}
