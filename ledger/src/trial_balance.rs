//! The trial balance: per account of the chart, what stands on each side; the two sides are equal.

use std::collections::BTreeMap;

use crate::{AccountKind, Amount};

/// One account of the chart: the sums of its parts that stand in debit and in credit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TrialBalanceRow {
    /// The account.
    pub account: AccountKind,
    /// The sum of its debit balances.
    pub debit: Amount,
    /// The sum of its credit balances, as a positive amount.
    pub credit: Amount,
}

impl TrialBalanceRow {
    /// Debit less credit.
    pub fn balance(&self) -> Amount {
        self.debit - self.credit
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
        let mut sides: BTreeMap<AccountKind, (Amount, Amount)> = BTreeMap::new();
        for (account, balance) in balances {
            let (debit, credit) = sides.entry(account).or_default();
            if balance > Amount::ZERO { *debit += balance } else { *credit -= balance }
        }
        let rows = sides.into_iter().map(|(account, (debit, credit))| TrialBalanceRow { account, debit, credit });
        Self { rows: rows.collect() }
    }

    /// The sum of the debit side.
    pub fn total_debit(&self) -> Amount {
        self.rows.iter().map(|row| row.debit).sum()
    }

    /// The sum of the credit side; equal to [`TrialBalance::total_debit`] in sound books.
    pub fn total_credit(&self) -> Amount {
        self.rows.iter().map(|row| row.credit).sum()
    }
}
