//! Balances: the sums of all entries so far.

use std::collections::{BTreeMap, BTreeSet};

use crate::account::{Account, AccountKind, Guard, Owner};
use crate::identity::{BoxId, EntityId, OrganizationId};
use crate::map::Map;
use crate::money::{Amount, Currency};
use crate::posting::{Fact, Payee};
use crate::trial_balance::TrialBalance;

/// Balances of every account of every entity.
#[derive(Clone, Debug, Default)]
pub struct Books {
    balances: Map<Account, Amount>,
    /// Accounts of each box whose balance is not zero.
    of_boxes: BTreeMap<BoxId, BTreeSet<Account>>,
    /// Currencies that an account ever had.
    currencies: BTreeSet<Currency>,
}

/// Error: a guarded account would go negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{required} is needed and {available} is available")]
pub struct Overdraft {
    /// Amount that was asked for.
    pub required: Amount,
    /// Balance that is available, at least zero.
    pub available: Amount,
}

impl Books {
    /// Adds the lines that record a fact to the balances: those of its [entry](crate::posting::post). An account whose
    /// balance returns to zero is forgotten.
    ///
    /// Checked in every build: the lines make an entry, and each leaves its balance in range and no guarded account
    /// negative.
    pub fn record(&mut self, fact: &Fact<'_>, currency: Currency) {
        let (mut lines, mut sum) = (0u32, Amount::ZERO);
        fact.lines(currency, &mut |line| {
            invariant!(line.amount.abs() <= Amount::LINE_MAX, LineInRange, "{:?} {}", line.account, line.amount);
            (lines, sum) = (lines + 1, sum + line.amount);
            let balance = if let Some(balance) = self.balances.get_mut(&line.account) {
                *balance += line.amount;
                *balance
            } else {
                self.currencies.insert(line.account.currency);
                if let EntityId::Box(id) = line.account.entity {
                    self.of_boxes.entry(id).or_default().insert(line.account);
                }
                *self.balances.entry(line.account).or_insert(line.amount)
            };
            invariant!(balance.abs() <= Amount::BALANCE_MAX, BalanceInRange, "{:?} {balance}", line.account);
            let guarded = line.account.kind.guard() == Guard::NeverDebit;
            invariant!(!guarded || balance <= Amount::ZERO, GuardedNotNegative, "{:?} {balance}", line.account);
            if balance.is_zero() {
                self.balances.remove(&line.account);
                if let EntityId::Box(id) = line.account.entity
                    && let Some(accounts) = self.of_boxes.get_mut(&id)
                {
                    accounts.remove(&line.account);
                }
            }
        });
        invariant!(lines >= 2 && sum.is_zero(), EntryBalanced, "{lines} lines come to {sum}: {fact:?}");
    }

    /// Returns the signed balance of an account, debit positive; zero for an account without entries.
    pub fn balance(&self, account: &Account) -> Amount {
        self.balances.get(account).copied().unwrap_or_default()
    }

    /// Returns what an organization has in one of its accounts with the operator; credit positive.
    pub fn customer(&self, kind: AccountKind, organization: OrganizationId, currency: Currency) -> Amount {
        -self.balance(&Account::operator(kind, Owner::Organization(organization), currency))
    }

    /// Returns what the operator owes a payee for contracts; credit positive.
    pub fn payable(&self, payee: Payee, currency: Currency) -> Amount {
        -self.balance(&payee.payable(currency))
    }

    /// Returns the currencies in which an organization has a balance with the operator that is not zero.
    pub fn currencies_of(&self, organization: OrganizationId) -> BTreeSet<Currency> {
        let owner = Owner::Organization(organization);
        let has = |currency: &Currency| {
            AccountKind::ALL.iter().any(|kind| self.balances.contains_key(&Account::operator(*kind, owner, *currency)))
        };
        self.currencies.iter().copied().filter(has).collect()
    }

    /// Checks that an organization can set `required` aside.
    ///
    /// # Errors
    /// [`Overdraft`] when its available balance is smaller than `required`.
    pub fn check_available(
        &self,
        organization: OrganizationId,
        currency: Currency,
        required: Amount,
    ) -> Result<(), Overdraft> {
        let available = self.customer(AccountKind::CustomerAvailable, organization, currency);
        if required > available { Err(Overdraft { required, available }) } else { Ok(()) }
    }

    /// Iterates over a box's accounts whose balance is not zero, in the order of accounts.
    pub fn of_box(&self, id: BoxId) -> impl Iterator<Item = (Account, Amount)> {
        let accounts = self.of_boxes.get(&id).into_iter().flatten();
        accounts.map(|account| (*account, self.balance(account)))
    }

    /// Lists every account whose balance is not zero, in the order of accounts.
    pub fn sorted(&self) -> Vec<(Account, Amount)> {
        let mut rows: Vec<_> = self.balances.iter().map(|(account, balance)| (*account, *balance)).collect();
        rows.sort_unstable_by_key(|(account, _)| *account);
        rows
    }

    /// Computes the trial balance of one entity in one currency, one row per account of the chart.
    pub fn trial_balance(&self, entity: EntityId, currency: Currency) -> TrialBalance {
        let of_entity =
            self.balances.iter().filter(|(account, _)| account.entity == entity && account.currency == currency);
        TrialBalance::of(of_entity.map(|(account, balance)| (account.kind, *balance)))
    }
}
