//! The trial balance: every account of the chart on the side where it stands; the two sides are equal.

use std::collections::BTreeMap;

use crate::account::AccountKind;
use crate::money::Amount;

/// One account of the chart with the sum of its parts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TrialBalanceRow {
    /// The account.
    pub account: AccountKind,
    /// Its balance, debit positive.
    pub balance: Amount,
}

impl TrialBalanceRow {
    /// The balance where it is a debit, else nothing.
    pub fn debit(&self) -> Amount {
        self.balance.max(Amount::ZERO)
    }

    /// The balance where it is a credit, as a positive amount, else nothing.
    pub fn credit(&self) -> Amount {
        (-self.balance).max(Amount::ZERO)
    }
}

/// A trial balance of one entity in one currency.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TrialBalance {
    /// One row per account that has a balance, in the order of the chart.
    pub rows: Vec<TrialBalanceRow>,
}

impl TrialBalance {
    /// Adds up signed balances (debit positive) per account.
    pub fn of(balances: impl Iterator<Item = (AccountKind, Amount)>) -> Self {
        let mut sums: BTreeMap<AccountKind, Amount> = BTreeMap::new();
        for (account, balance) in balances {
            *sums.entry(account).or_default() += balance;
        }
        Self { rows: sums.into_iter().map(|(account, balance)| TrialBalanceRow { account, balance }).collect() }
    }

    /// The sum of the debit side.
    pub fn total_debit(&self) -> Amount {
        self.rows.iter().map(TrialBalanceRow::debit).sum()
    }

    /// The sum of the credit side; equal to [`TrialBalance::total_debit`] in sound books.
    pub fn total_credit(&self) -> Amount {
        self.rows.iter().map(TrialBalanceRow::credit).sum()
    }
}
