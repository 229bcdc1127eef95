//! Trial balance: every account of the chart on the side where it stands; the two sides are equal.

use std::collections::BTreeMap;

use crate::account::AccountKind;
use crate::money::Amount;

/// Account of the chart with the sum over its owners.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TrialBalanceRow {
    /// Account in the chart.
    pub account: AccountKind,
    /// Signed balance, debit positive.
    pub balance: Amount,
}

impl TrialBalanceRow {
    /// Returns the balance where it is a debit, else zero.
    pub fn debit(&self) -> Amount {
        self.balance.max(Amount::ZERO)
    }

    /// Returns the balance where it is a credit, as a positive amount, else zero.
    pub fn credit(&self) -> Amount {
        (-self.balance).max(Amount::ZERO)
    }
}

/// Trial balance of one entity in one currency.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TrialBalance {
    /// Rows in the order of the chart, one per account that has a balance.
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

    /// Sums the debit side.
    pub fn total_debit(&self) -> Amount {
        self.rows.iter().map(TrialBalanceRow::debit).sum()
    }

    /// Sums the credit side; equal to [`TrialBalance::total_debit`] in sound books.
    pub fn total_credit(&self) -> Amount {
        self.rows.iter().map(TrialBalanceRow::credit).sum()
    }
}
