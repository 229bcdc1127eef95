//! A ledger for Beancount: accounts are opened before they are used, and the closing balances are asserted, so that `bean-check` passes
//! only if the entries come to what our books have.

use std::fmt::Write as _;

use infra::reports::{ExportedEntry, OwnedAccount, OwnedBalance};

use super::plain_text_accounts::{OPENING_BALANCES, account_name};
use crate::problem::Problem;
use crate::resources::ledger::journal::{ExportScope, JournalForm};

pub(super) struct Beancount;

impl JournalForm for Beancount {
    fn has_balances(&self) -> bool {
        true
    }

    fn head(&self, scope: &ExportScope) -> Result<String, Problem> {
        let ExportScope { entity, sequence, opened, .. } = scope;
        let mut text = format!(
            "; General ledger of {entity}, up to sequence {sequence} of the log.\n\
             option \"title\" \"General ledger of {entity}\"\n"
        );
        for currency in &scope.currencies {
            let _ = writeln!(text, "option \"operating_currency\" \"{currency}\"");
        }
        text.push('\n');
        if scope.span.from.is_some() {
            let _ = writeln!(text, "{opened} open {OPENING_BALANCES}");
        }
        Ok(text)
    }

    fn account(&self, scope: &ExportScope, account: &OwnedAccount) -> Result<String, Problem> {
        let name = account_name(&account.code, &account.owner)?;
        let mut text = format!("{} open {name} {}\n", scope.opened, account.currencies.join(","));
        if !account.owner.is_empty() {
            let _ = writeln!(text, "  owner: \"{}\"", account.owner);
        }
        Ok(text)
    }

    fn opening(&self, scope: &ExportScope, of: &OwnedBalance) -> Result<String, Problem> {
        let name = account_name(&of.code, &of.owner)?;
        let OwnedBalance { currency, balance, .. } = of;
        Ok(format!(
            "\n{} * \"Opening balance\"\n  {name}  {balance} {currency}\n  {OPENING_BALANCES}  {} {currency}\n",
            scope.opened, -*balance,
        ))
    }

    fn entry(&self, scope: &ExportScope, ExportedEntry { entry, .. }: &ExportedEntry) -> Result<String, Problem> {
        let mut text = format!("\n{} * \"{}\"\n", entry.effective, entry.rule());
        let _ = writeln!(text, "  entry: \"{}:{}\"", scope.entity, entry.sequence);
        if let Some(event) = entry.event {
            let _ = writeln!(text, "  event: {event}");
        }
        for (key, value) in [
            ("contract", entry.contract.map(|contract| contract.to_string())),
            ("box", entry.box_id.map(|box_id| box_id.to_string())),
            ("corrects", entry.corrects.clone()),
        ] {
            if let Some(value) = value {
                let _ = writeln!(text, "  {key}: \"{value}\"");
            }
        }
        for line in &entry.lines {
            let _ = writeln!(text, "  {}  {} {}", account_name(&line.code, &line.owner)?, line.amount, line.currency);
            if let Some(contract) = line.contract {
                let _ = writeln!(text, "    contract: \"{contract}\"");
            }
        }
        Ok(text)
    }

    fn closing(&mut self, scope: &ExportScope, of: &OwnedBalance) -> Result<String, Problem> {
        // Beancount asserts what is there when a day begins, with all accounts below; and it takes a tolerance from the number's
        // places unless it is told that there is none.
        let name = account_name(&of.code, &of.owner)?;
        let day_after = scope.closed.tomorrow().unwrap_or(scope.closed);
        Ok(format!("\n{day_after} balance {name}  {} ~ 0 {}\n", of.with_parts, of.currency))
    }
}
