//! Client contracts: what the box is paid.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::quantity::cents;
use crate::calendar::Month;
use crate::identity::{ContractId, ItemName};
use crate::money::Amount;
use crate::rounding::share_floor;

/// A contract whose client pays the box, directly or through the exchange.
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
    /// The contract of the exchange that it is: the box earns its hours from the first month on, once it is assigned. None for one that was made
    /// elsewhere, whose client pays the box by its terms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ContractId>,
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
        /// The seller's fee of the exchange, in basis points out of the price: 0 to 10,000.
        #[serde(default, skip_serializing_if = "is_zero")]
        fee_bps: u16,
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

    /// What one of its months brings, in whole; by the hour, to the cent on the sum so far, halves to the even one. Nothing where it is beyond
    /// what the books take.
    pub fn charged(&self, month: Month) -> Option<Amount> {
        match self.charge {
            ContractCharge::Monthly(amount) => Some(amount),
            ContractCharge::Hourly { gpus, price, fee_bps } => {
                let so_far = |end: Month| {
                    let gpu_hours = Decimal::from(gpus) * hours_between(self.first, end);
                    let earned = Amount::from_decimal(price.to_decimal().checked_mul(gpu_hours)?).ok()?;
                    cents((earned - share_floor(earned, fee_bps)).to_decimal())
                };
                Some(so_far(month.next())? - so_far(month)?)
            }
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
    hours_between(month, month.next())
}

/// The hours from the beginning of a month to that of another, in UTC.
fn hours_between(first: Month, end: Month) -> Decimal {
    Decimal::from((end.first_day().days() - first.first_day().days()) * 24)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_zero(number: &u16) -> bool {
    *number == 0
}
