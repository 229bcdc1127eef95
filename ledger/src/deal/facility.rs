//! A loan as it is written down: the document behind `secondwind box schedule`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::business_day::BusinessCalendar;
use super::day_count::DayCount;
use super::loan::{Loan, Repayment, Rounding};
use super::payment_dates::{Cycle, PaymentDates, Stub};
use super::rate::Rate;
use crate::calendar::Day;
use crate::money::Amount;

/// A loan at a fixed rate, drawn whole on one day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FacilityTerms {
    /// What is drawn.
    pub principal: Amount,
    /// When.
    pub drawn: Day,
    /// What it costs a year.
    pub rate: Rate,
    /// How parts of a year are counted.
    pub day_count: DayCount,
    /// When interest is paid for the first time.
    pub first_payment: Day,
    /// How far apart payments are.
    pub cycle: Cycle,
    /// When principal is repaid for the first time; with the first interest where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_repayment: Option<Day>,
    /// How it is repaid.
    pub repayment: RepaymentTerms,
    /// When what is left is repaid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maturity: Option<Day>,
    /// What becomes of a last period that is not a whole one.
    #[serde(default)]
    pub stub: Stub,
    /// Whether a first date on the last day of its month means the last day of every month.
    #[serde(default)]
    pub end_of_month: bool,
    /// Where dates go that are no business days.
    #[serde(default)]
    pub calendar: BusinessCalendar,
    /// What amounts are rounded to.
    #[serde(default)]
    pub rounding: Rounding,
}

/// How a loan is repaid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RepaymentTerms {
    /// Interest and principal together are the same on every date.
    Annuity {
        /// That sum; such that nothing is left at the end where not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment: Option<Amount>,
        /// The end by which the sum is found; the maturity where not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amortized: Option<Day>,
    },
    /// Principal is the same on every date.
    Linear {
        /// That amount; such that nothing is left at the maturity where not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment: Option<Amount>,
    },
    /// All at the maturity.
    Bullet {},
}

impl From<&FacilityTerms> for Loan {
    fn from(terms: &FacilityTerms) -> Self {
        let dates =
            |anchor| PaymentDates { anchor, cycle: terms.cycle, end_of_month: terms.end_of_month, stub: terms.stub };
        Self {
            principal: terms.principal.to_decimal(),
            drawn: terms.drawn,
            rate: terms.rate.fraction(),
            day_count: terms.day_count,
            interest: dates(terms.first_payment),
            repayments: dates(terms.first_repayment.unwrap_or(terms.first_payment)),
            repayment: match terms.repayment {
                RepaymentTerms::Annuity { payment, amortized } => {
                    Repayment::Annuity { payment: payment.map(Amount::to_decimal), amortized }
                }
                RepaymentTerms::Linear { payment } => Repayment::Linear { payment: payment.map(Amount::to_decimal) },
                RepaymentTerms::Bullet {} => Repayment::Bullet,
            },
            maturity: terms.maturity,
            calendar: terms.calendar.clone(),
            rounding: terms.rounding,
        }
    }
}
