//! A journal for hledger: accounts and commodities are declared, so that `hledger check --strict` passes, and the closing balances are
//! asserted, so that it passes only if the entries come to what our books have.

use std::fmt::Write as _;

use infra::reports::{ExportedEntry, OwnedAccount, OwnedBalance};
use jiff::civil::Date;

use super::plain_text_accounts::{OPENING_BALANCES, account_name};
use crate::problem::Problem;
use crate::resources::ledger::journal::{ExportScope, JournalForm};

#[derive(Default)]
pub(super) struct Hledger {
    /// The transaction that asserts the closing balances has begun.
    closes: bool,
}

impl JournalForm for Hledger {
    fn has_balances(&self) -> bool {
        true
    }

    fn head(&self, scope: &ExportScope) -> Result<String, Problem> {
        let ExportScope { entity, sequence, .. } = scope;
        let mut text = format!("; General ledger of {entity}, up to sequence {sequence} of the log.\ndecimal-mark .\n");
        for currency in &scope.currencies {
            // Six places, the precision of the books, or hledger would show and compare fewer.
            let _ = writeln!(text, "commodity 1000.000000 {currency}");
        }
        if scope.span.from.is_some() {
            let _ = writeln!(text, "account {OPENING_BALANCES}");
        }
        Ok(text)
    }

    fn account(&self, _scope: &ExportScope, account: &OwnedAccount) -> Result<String, Problem> {
        Ok(format!("account {}\n", account_name(&account.code, &account.owner)?))
    }

    fn opening(&self, scope: &ExportScope, of: &OwnedBalance) -> Result<String, Problem> {
        let name = account_name(&of.code, &of.owner)?;
        let OwnedBalance { currency, balance, .. } = of;
        Ok(format!(
            "\n{} * Opening balance\n    {name}  {balance} {currency}\n    {OPENING_BALANCES}  {} {currency}\n",
            day(scope.opened),
            -*balance,
        ))
    }

    fn entry(&self, scope: &ExportScope, ExportedEntry { entry, .. }: &ExportedEntry) -> Result<String, Problem> {
        let id = format!("{}:{}", scope.entity, entry.sequence);
        let mut tags = format!("entry: {id}");
        for (tag, value) in [
            ("event", entry.event.map(|event| event.to_string())),
            ("contract", entry.contract.map(|contract| contract.to_string())),
            ("box", entry.box_id.map(|box_id| box_id.to_string())),
            ("corrects", entry.corrects.clone()),
        ] {
            if let Some(value) = value {
                let _ = write!(tags, ", {tag}: {value}");
            }
        }
        let mut text = format!("\n{} * ({id}) {}  ; {tags}\n", day(entry.effective), entry.rule());
        for line in &entry.lines {
            let name = account_name(&line.code, &line.owner)?;
            let _ = write!(text, "    {name}  {} {}", line.amount, line.currency);
            if let Some(contract) = line.contract {
                let _ = write!(text, "  ; contract: {contract}");
            }
            text.push('\n');
        }
        Ok(text)
    }

    fn closing(&mut self, scope: &ExportScope, of: &OwnedBalance) -> Result<String, Problem> {
        let begin = if self.closes { String::new() } else { format!("\n{} * Closing balances\n", day(scope.closed)) };
        self.closes = true;
        let name = account_name(&of.code, &of.owner)?;
        Ok(format!("{begin}    {name}  0 {currency} = {} {currency}\n", of.balance, currency = of.currency))
    }
}

fn day(day: Date) -> impl std::fmt::Display {
    day.strftime("%Y-%m-%d")
}
