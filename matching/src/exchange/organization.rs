//! An organization as the exchange knows it: its name, and the limits on what it may do.

use std::collections::BTreeMap;

use ledger::{Amount, Currency, Label, Month};
use serde::Serialize;

/// The most open orders of an organization for which no other limit is set.
pub const OPEN_ORDERS_MAX: u32 = 10_000;

/// A buyer, a provider or both.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Organization {
    /// Its name as people write it.
    pub name: Label,
    /// Whether its kill switch is thrown.
    pub suspended: bool,
    /// Its orders at rest.
    pub open_orders: u32,
    /// The most orders at rest; [`OPEN_ORDERS_MAX`] when not set.
    pub open_orders_max: Option<u32>,
    /// Tax that is withheld from what it has paid out of its earnings, in basis points.
    pub withholding_bps: u16,
    /// What was withheld so far, by currency.
    pub withheld: BTreeMap<Currency, Withheld>,
    /// What it may commit, by currency, where that is bounded.
    pub budgets: BTreeMap<Currency, Budget>,
}

/// A bound on what an organization commits in a calendar month.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Budget {
    /// The most that the month's trades and the open orders may come to, fees included.
    pub monthly: Amount,
    /// The month that is counted.
    pub month: Month,
    /// What its trades have come to.
    pub spent: Amount,
}

/// Tax withheld from an organization's payouts, so that many small ones come to what one large one would.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize)]
pub struct Withheld {
    /// What was paid out times the rate of each payout in basis points, in micro-units.
    exact: i128,
    /// What was withheld.
    posted: Amount,
}

impl Withheld {
    /// What is withheld of the next payout: the whole so far, rounded down to the cent, less what was withheld before.
    pub(super) fn of_next(self, amount: Amount, basis_points: u16) -> Amount {
        let exact = self.exact + amount.micros() * i128::from(basis_points);
        let due = Amount::from_micros(exact / 10_000).whole_cents() - self.posted;
        due.clamp(Amount::ZERO, amount)
    }

    /// Counts a payout, or with minus signs one that did not leave.
    pub(super) fn count(&mut self, paid: Amount, basis_points: u16, withheld: Amount) {
        self.exact += paid.micros() * i128::from(basis_points);
        self.posted += withheld;
    }
}

impl Organization {
    /// One that has just been admitted.
    pub(super) const fn admitted(name: Label) -> Self {
        Self {
            name,
            suspended: false,
            open_orders: 0,
            open_orders_max: None,
            withholding_bps: 0,
            withheld: BTreeMap::new(),
            budgets: BTreeMap::new(),
        }
    }

    /// What was withheld so far in a currency.
    pub(super) fn withheld(&self, currency: Currency) -> Withheld {
        self.withheld.get(&currency).copied().unwrap_or_default()
    }
}

impl Budget {
    /// What the trades of `month` have come to.
    pub fn spent_in(&self, month: Month) -> Amount {
        if self.month == month { self.spent } else { Amount::ZERO }
    }

    /// Counts an amount spent, or with a minus sign taken back, in `month`.
    pub(super) fn spend(&mut self, month: Month, amount: Amount) {
        let spent = self.spent_in(month) + amount;
        (self.month, self.spent) = (month, spent.max(Amount::ZERO));
    }
}
