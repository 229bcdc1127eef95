//! Client contracts: what the box is paid.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::quantity::{cents, times};
use crate::{Amount, ItemName, Month};

/// A contract whose client pays the box directly.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientContract {
    /// Its name, which no other contract of the deal has.
    pub name: ItemName,
    /// The first month of its charges.
    pub first: Month,
    /// How many months it has, 1 to 600.
    pub months: u16,
    /// What a month costs.
    pub charge: ContractCharge,
}

/// What a month of a contract costs. It is paid for the calendar month.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ContractCharge {
    /// The same amount for every month.
    Monthly(Amount),
    /// By the hours of the month.
    Hourly {
        /// How many GPUs.
        gpus: u32,
        /// What an hour of one costs.
        price: Amount,
    },
}

impl ClientContract {
    /// The months of its charges.
    pub fn months(&self) -> impl Iterator<Item = Month> {
        let first = self.first;
        (0..i32::from(self.months)).map(move |nth| first.plus(nth))
    }

    /// The month after its last.
    pub fn end(&self) -> Month {
        self.first.plus(i32::from(self.months))
    }

    /// What one of its months costs, in whole; nothing where it is beyond what the books take.
    pub fn charged(&self, month: Month) -> Option<Amount> {
        match self.charge {
            ContractCharge::Monthly(amount) => Some(amount),
            ContractCharge::Hourly { gpus, price } => times(price, Decimal::from(gpus) * hours_of(month)),
        }
    }

    /// Whether a month is one of its own.
    pub fn charges_for(&self, month: Month) -> bool {
        (self.first..self.end()).contains(&month)
    }

    /// What is charged for a share of a month, to the cent.
    pub(super) fn charged_share(&self, month: Month, share: Decimal) -> Option<Amount> {
        let whole = self.charged(month)?;
        if share == Decimal::ONE { Some(whole) } else { cents(whole.to_decimal().checked_mul(share)?) }
    }
}

/// The hours of a month, in UTC.
pub(super) fn hours_of(month: Month) -> Decimal {
    Decimal::from((month.next().first_day().days() - month.first_day().days()) * 24)
}
