//! Organizations as the exchange knows them: name, limits and budgets.

use std::collections::BTreeMap;

use ledger::{Amount, Currency, Label, Month};
use serde::Serialize;

/// Largest number of open orders of an organization for which no other limit is set.
pub const OPEN_ORDERS_MAX: u32 = 10_000;

/// State of an organization: a buyer, a provider or both.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Organization {
    /// Name as people write it.
    pub name: Label,
    /// Whether its kill switch is thrown.
    pub suspended: bool,
    /// Number of its orders at rest.
    pub open_orders: u32,
    /// Largest number of orders at rest; `None` for [`OPEN_ORDERS_MAX`].
    pub open_orders_max: Option<u32>,
    /// Rate of the tax withheld from payouts of its earnings, in basis points.
    pub withholding_bps: u16,
    /// Tax withheld so far, by currency.
    pub withheld: BTreeMap<Currency, Withheld>,
    /// Budgets by currency; a currency without one is not bounded.
    pub budgets: BTreeMap<Currency, Budget>,
}

/// Bound on what an organization commits in a calendar month.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Budget {
    /// Most that the month's trades and the open orders may come to, fees included.
    pub monthly: Amount,
    /// Month that `spent` counts.
    pub month: Month,
    /// Sum of the month's trades, fees included.
    pub spent: Amount,
}

/// Tax withheld from an organization's payouts, counted so that many small ones come to what one large one would.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize)]
pub struct Withheld {
    /// Sum of each payout in micro-units times its rate in basis points.
    exact: i128,
    /// Tax that was withheld.
    posted: Amount,
}

impl Withheld {
    /// Computes the tax on the next payout: the whole so far, rounded down to the cent, less what was withheld before.
    pub(super) fn of_next(self, amount: Amount, basis_points: u16) -> Amount {
        let exact = self.exact + amount.micros() * i128::from(basis_points);
        let due = Amount::from_micros(exact / 10_000).whole_cents() - self.posted;
        due.clamp(Amount::ZERO, amount)
    }

    /// Counts a payout; negative amounts count one that did not leave.
    pub(super) fn count(&mut self, paid: Amount, basis_points: u16, withheld: Amount) {
        self.exact += paid.micros() * i128::from(basis_points);
        self.posted += withheld;
    }
}

impl Organization {
    /// Makes the state of an organization that has just been admitted.
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

    /// Returns what was withheld so far in a currency.
    pub(super) fn withheld(&self, currency: Currency) -> Withheld {
        self.withheld.get(&currency).copied().unwrap_or_default()
    }
}

impl Budget {
    /// Returns what the trades of `month` have come to.
    pub fn spent_in(&self, month: Month) -> Amount {
        if self.month == month { self.spent } else { Amount::ZERO }
    }

    /// Counts an amount spent in `month`; a negative one takes back.
    pub(super) fn spend(&mut self, month: Month, amount: Amount) {
        let spent = self.spent_in(month) + amount;
        (self.month, self.spent) = (month, spent.max(Amount::ZERO));
    }
}
