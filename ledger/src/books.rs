//! Balances: what all entries so far add up to.

use std::collections::BTreeSet;

use crate::{
    Account, AccountKind, Amount, Currency, EntityId, Fact, Guard, Map, OrganizationId, Owner, Payee, TrialBalance,
};

/// The balance of every account of every entity.
#[derive(Clone, Debug, Default)]
pub struct Books {
    balances: Map<Account, Amount>,
}

/// A guarded account would go negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{required} is needed and {available} is available")]
pub struct Overdraft {
    /// What was asked for.
    pub required: Amount,
    /// What there is.
    pub available: Amount,
}

impl Books {
    /// Adds the lines that record a fact to the balances: those of its [entry](crate::post). An account whose balance returns to
    /// zero is forgotten.
    pub fn record(&mut self, fact: &Fact<'_>, currency: Currency) {
        fact.lines(currency, &mut |line| {
            let guarded = line.account.kind.guard() == Guard::NeverDebit;
            let Some(balance) = self.balances.get_mut(&line.account) else {
                debug_assert!(!guarded || line.amount <= Amount::ZERO, "{:?} overdrawn: {}", line.account, line.amount);
                self.balances.insert(line.account, line.amount);
                return;
            };
            *balance += line.amount;
            debug_assert!(!guarded || *balance <= Amount::ZERO, "{:?} overdrawn: {balance}", line.account);
            if balance.is_zero() {
                self.balances.remove(&line.account);
            }
        });
    }

    /// The signed balance of an account: debit positive.
    pub fn balance(&self, account: &Account) -> Amount {
        self.balances.get(account).copied().unwrap_or_default()
    }

    /// What an organization has in one of its accounts with the operator, as a positive amount.
    pub fn customer(&self, kind: AccountKind, organization: OrganizationId, currency: Currency) -> Amount {
        -self.balance(&Account::operator(kind, Owner::Organization(organization), currency))
    }

    /// What the operator owes a payee of what contracts earned, as a positive amount.
    pub fn payable(&self, payee: Payee, currency: Currency) -> Amount {
        -self.balance(&payee.payable(currency))
    }

    /// The currencies in which an organization has anything with the operator.
    pub fn currencies_of(&self, organization: OrganizationId) -> BTreeSet<Currency> {
        let owned = self.balances.keys().filter(|account| account.owner == Owner::Organization(organization));
        owned.map(|account| account.currency).collect()
    }

    /// Whether an organization can set `required` aside.
    ///
    /// # Errors
    /// [`Overdraft`] when its available balance is smaller.
    pub fn check_available(
        &self,
        organization: OrganizationId,
        currency: Currency,
        required: Amount,
    ) -> Result<(), Overdraft> {
        let available = self.customer(AccountKind::CustomerAvailable, organization, currency);
        if required > available { Err(Overdraft { required, available }) } else { Ok(()) }
    }

    /// Every account that is not zero with its balance, in the order of accounts.
    pub fn sorted(&self) -> Vec<(Account, Amount)> {
        let mut rows: Vec<_> = self.balances.iter().map(|(account, balance)| (*account, *balance)).collect();
        rows.sort_unstable_by_key(|(account, _)| *account);
        rows
    }

    /// The trial balance of one entity in one currency, one row per account of the chart.
    pub fn trial_balance(&self, entity: EntityId, currency: Currency) -> TrialBalance {
        let of_entity =
            self.balances.iter().filter(|(account, _)| account.entity == entity && account.currency == currency);
        TrialBalance::of(of_entity.map(|(account, balance)| (account.kind, *balance)))
    }
}
