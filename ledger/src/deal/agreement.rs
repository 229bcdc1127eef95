//! Agreements: what running the box costs.

use rust_decimal::{Decimal, MathematicalOps as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::contract::hours_of;
use super::quantity::{Quantity, cents};
use super::rate::Rate;
use crate::calendar::Month;
use crate::identity::ItemName;
use crate::money::Amount;

/// An agreement under which the box pays for every month.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Its name, which no other agreement of the deal has.
    pub name: ItemName,
    /// What it is for.
    pub kind: AgreementKind,
    /// What a month costs.
    pub charge: AgreementCharge,
    /// How that grows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalator: Option<Escalator>,
    /// Its first month, from which the escalator counts; that of the closing where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Month>,
    /// Its last month; none where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Month>,
}

/// What an agreement is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgreementKind {
    /// Taxes and fees of the state.
    Taxes,
    /// Who holds the accounts for the lenders.
    Trustee,
    /// The place of the hardware.
    DataCenter,
    /// Its energy.
    Power,
    /// Operations and maintenance.
    OAndM,
    /// Insurance.
    Insurance,
    /// The lenders' agent.
    Agent,
    /// Periodic payments of an interest hedge.
    Hedge,
}

impl AgreementKind {
    /// Whether it is a cost of the debt and not of operations: it is outside the CFADS, and in the debt service.
    pub const fn serves_debt(self) -> bool {
        matches!(self, Self::Agent | Self::Hedge)
    }
}

/// What a month of an agreement costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AgreementCharge {
    /// The same amount.
    Monthly(Amount),
    /// By what is reserved.
    PerKw {
        /// Kilowatts.
        kw: Quantity,
        /// What one costs a month.
        price: Amount,
    },
    /// By what is used: `kw × load × hours × PUE × price`.
    PerKwh {
        /// Kilowatts that the hardware draws at full load.
        kw: Quantity,
        /// Which part of it on average, in a projection: 0 to 1.
        load: Quantity,
        /// Power usage effectiveness: the energy of the whole site over that of the hardware.
        pue: Quantity,
        /// What a kilowatt-hour costs.
        price: Amount,
    },
}

/// How a charge grows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Escalator {
    /// After so many months each time.
    pub every_months: u16,
    /// By this fraction of what it was: `0.03` is 3 %.
    pub by: Rate,
}

impl Agreement {
    /// What a month costs, to the cent, halves to the even one; nothing where it is beyond what the books take. `closing` is the month of
    /// the deal's closing.
    pub fn charged(&self, month: Month, closing: Month) -> Option<Amount> {
        let first = self.first.unwrap_or(closing);
        if month < first || self.last.is_some_and(|last| month > last) {
            return Some(Amount::ZERO);
        }
        let base = match self.charge {
            AgreementCharge::Monthly(amount) => amount.to_decimal(),
            AgreementCharge::PerKw { kw, price } => kw.decimal().checked_mul(price.to_decimal())?,
            AgreementCharge::PerKwh { kw, load, pue, price } => {
                let kwh = kw.decimal().checked_mul(load.decimal())?.checked_mul(hours_of(month))?;
                kwh.checked_mul(pue.decimal())?.checked_mul(price.to_decimal())?
            }
        };
        let grown = match self.escalator {
            None => base,
            Some(escalator) => {
                let times = first.months_until(month) / u32::from(escalator.every_months.max(1));
                base.checked_mul((Decimal::ONE + escalator.by.fraction()).checked_powu(times.into())?)?
            }
        };
        cents(grown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(agreement: &str, month: &str, expected: &str) {
        let agreement: Agreement = serde_json::from_str(agreement).expect("an agreement");
        let month = month.parse().expect("a month");
        let charged = agreement.charged(month, "2026-01".parse().expect("a month"));
        assert_eq!(charged.map(|amount| amount.to_string()).as_deref(), Some(expected), "{month}");
    }

    #[test]
    fn what_is_reserved_and_what_is_used() {
        let reserved =
            r#"{"name": "hall", "kind": "data_center", "charge": {"per_kw": {"kw": "4800.5", "price": "131.25"}}}"#;
        check(reserved, "2026-02", "630065.62");
        let used = r#"{"name": "grid", "kind": "power", "charge":
            {"per_kwh": {"kw": "4800", "load": "0.85", "pue": "1.3", "price": "0.087500"}}}"#;
        check(used, "2026-01", "345290.40");
        check(used, "2026-02", "311875.20");
        check(used, "2028-02", "323013.60");
    }

    #[test]
    fn an_escalator_counts_from_the_first_month() {
        let grows = r#"{"name": "hall", "kind": "data_center", "charge": {"monthly": "1000.00"}, "first": "2026-03",
            "last": "2028-12", "escalator": {"every_months": 12, "by": "0.03"}}"#;
        for (month, expected) in [
            ("2026-02", "0.00"),
            ("2026-03", "1000.00"),
            ("2027-02", "1000.00"),
            ("2027-03", "1030.00"),
            ("2028-12", "1060.90"),
            ("2029-01", "0.00"),
        ] {
            check(grows, month, expected);
        }
    }
}
