//! An organization as the exchange knows it: its name, and the limits on what it may do.

use std::collections::BTreeMap;

use ledger::{Amount, Currency, Month};
use serde::Serialize;

/// The most open orders of an organization for which no other limit is set.
pub const OPEN_ORDERS_MAX: u32 = 10_000;

/// A buyer, a provider or both.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Organization {
    /// Its name as people write it.
    pub name: String,
    /// Whether its kill switch is thrown.
    pub suspended: bool,
    /// Its orders at rest.
    pub open_orders: u32,
    /// The most orders at rest; [`OPEN_ORDERS_MAX`] when not set.
    pub open_orders_max: Option<u32>,
    /// Tax that is withheld from what it has paid out of its earnings, in basis points.
    pub withholding_bps: u16,
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
