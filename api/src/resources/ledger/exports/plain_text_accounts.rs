//! What our accounts are called in plain-text accounting, where an account's first part says what it is by nature.

use crate::problem::Problem;

/// What opening balances are booked against, by the custom of both programs.
pub(super) const OPENING_BALANCES: &str = "Equity:Opening-Balances";

/// The nature of an account, which the first digit of its code tells.
fn nature(code: &str) -> Option<&'static str> {
    Some(match code.as_bytes().first()? {
        b'1' => "Assets",
        b'2' => "Liabilities",
        b'3' => "Equity",
        b'4' => "Income",
        b'5' | b'6' => "Expenses",
        _ => return None,
    })
}

/// The name of an owner's part of an account, such as `Liabilities:2000-customer-available:Org-acme`. Every part begins with an
/// upper-case letter or a digit and has only letters, digits and dashes, as Beancount asks.
pub(super) fn account_name(code: &str, owner: &str) -> Result<String, Problem> {
    let nature = nature(code);
    let nature = nature.ok_or_else(|| Problem::internal(&format!("the nature of the account {code} is not known")))?;
    let mut name = format!("{nature}:{}", component(code));
    if !owner.is_empty() {
        name.push(':');
        name.push_str(&component(owner));
    }
    Ok(name)
}

fn component(text: &str) -> String {
    let mut characters = text.chars().map(|each| if each.is_ascii_alphanumeric() { each } else { '-' });
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::AccountKind;
    use std::collections::BTreeSet;

    #[test]
    fn names_say_nature_account_and_owner() {
        let name = |code, owner| account_name(code, owner).unwrap();
        assert_eq!(name("1000-bank", ""), "Assets:1000-bank");
        assert_eq!(name("2000-customer-available", "org:acme-9"), "Liabilities:2000-customer-available:Org-acme-9");
        assert_eq!(name("5100-depreciation", ""), "Expenses:5100-depreciation");
        assert_eq!(name("6000-bank-charges", ""), "Expenses:6000-bank-charges");
        assert!(account_name("9000-nowhere", "").is_err());
    }

    /// An account that joins the chart must have a nature, and a name of its own.
    #[test]
    fn every_account_of_the_chart_has_a_name() {
        let names: BTreeSet<_> = AccountKind::ALL.iter().map(|kind| account_name(kind.code(), "").unwrap()).collect();
        assert_eq!(names.len(), AccountKind::ALL.len());
        assert!(!names.contains(OPENING_BALANCES));
    }
}
