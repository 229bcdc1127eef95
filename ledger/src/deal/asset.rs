//! Assets and their depreciation.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::quantity::cents_in_range;
use crate::calendar::Day;
use crate::identity::ItemName;
use crate::money::Amount;

/// Hardware that the box owns.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// Its name, which no other asset of the deal has.
    pub name: ItemName,
    /// What it costs.
    pub cost: Amount,
    /// The day it is paid for and put to use.
    pub in_service: Day,
    /// Over how many months its cost is spread, in equal parts.
    #[serde(default = "six_years")]
    pub depreciation_months: u16,
    /// What it is still worth after them.
    #[serde(default)]
    pub residual_value: Amount,
}

const fn six_years() -> u16 {
    72
}

impl Asset {
    /// The whole months in service on a day, at most those of its depreciation.
    fn months_in_service(&self, on: Day) -> i32 {
        let months = (on.year() - self.in_service.year()) * 12 + on.month_of_year() - self.in_service.month_of_year();
        let whole = months - i32::from(on.day_of_month() < self.in_service.day_of_month());
        whole.clamp(0, i32::from(self.depreciation_months))
    }

    /// What of its cost is not depreciated on a day. What is depreciated is rounded as a whole to the cent, halves to the even one, so
    /// that the months add up to the cost. Nothing before it is in service.
    pub fn depreciated_cost(&self, on: Day) -> Amount {
        if on < self.in_service {
            return Amount::ZERO;
        }
        let spread = (self.cost - self.residual_value).to_decimal();
        let (months, of) = (self.months_in_service(on), self.depreciation_months.max(1));
        let depreciated = spread * Decimal::from(months) / Decimal::from(of);
        // In range: no more than the cost.
        self.cost - cents_in_range(depreciated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_is_spread_over_whole_months_and_to_the_cent() {
        let asset = Asset {
            name: "gpus".parse().expect("a name"),
            cost: "100.00".parse().expect("an amount"),
            in_service: "2026-01-15".parse().expect("a day"),
            depreciation_months: 3,
            residual_value: "10.01".parse().expect("an amount"),
        };
        let left = |on: &str| asset.depreciated_cost(on.parse().expect("a day")).to_string();
        assert_eq!(left("2026-01-14"), "0.00");
        assert_eq!(left("2026-02-14"), "100.00");
        assert_eq!(
            [left("2026-02-15"), left("2026-03-15"), left("2026-04-15"), left("2030-01-01")],
            ["70.00", "40.01", "10.01", "10.01"]
        );
    }
}
