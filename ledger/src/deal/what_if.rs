//! What-ifs: how a projection departs from the deal's terms.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agreement::AgreementKind;
use super::contract::{ClientContract, hours_of};
use super::debt::{Fixing, RateIndex};
use super::document::{Deal, end_of};
use super::invalid_deal::InvalidDeal;
use super::period::Period;
use super::quantity::{Quantity, times};
use super::rate::Rate;
use super::terms::DealTerms;
use crate::calendar::{Day, Month};
use crate::identity::ItemName;
use crate::money::Amount;

/// The most months that a what-if reaches over.
const MONTHS_MAX: u16 = 600;

/// One way in which things may go otherwise than by the terms. What is scheduled stays as it is: a what-if changes what is collected, what
/// falls due, and what an index is fixed at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WhatIf {
    /// A part of a contract is not delivered, and not paid.
    Outage {
        /// Name of the client's contract in the deal.
        contract: ItemName,
        /// The first month.
        from: Month,
        /// For so many months.
        months: u16,
        /// Which part of each month, 0 to 1.
        share: Quantity,
    },
    /// A month of a contract is paid later, or part of it.
    LatePayment {
        /// Name of the client's contract in the deal.
        contract: ItemName,
        /// The month that is paid later.
        month: Month,
        /// By so many months.
        months: u16,
        /// Which part of it, 0 to 1; all of it when not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        share: Option<Quantity>,
    },
    /// A month of a contract is paid in part, and the rest never.
    ShortPayment {
        /// Name of the client's contract in the deal.
        contract: ItemName,
        /// The month.
        month: Month,
        /// What is paid of it, if it would be paid whole otherwise.
        paid: Amount,
    },
    /// The client pays nothing any more.
    ClientDefault {
        /// Name of the client's contract in the deal.
        contract: ItemName,
        /// The first month that is not paid.
        from: Month,
    },
    /// An index is fixed higher, or lower, than the deal expects.
    RateMove {
        /// The index.
        index: ItemName,
        /// From this day.
        from: Day,
        /// By this much a year, as a fraction.
        by: Rate,
    },
    /// The GPUs are sold for longer, behind the last month of all contracts: at the market's spot index, say.
    Renewal {
        /// How many GPUs.
        gpus: u32,
        /// What an hour of one brings.
        price: Amount,
        /// In which part of the hours, 0 to 1.
        utilization: Quantity,
        /// For so many months.
        months: u16,
    },
    /// Power costs more, or less.
    EnergyPrice {
        /// From this month.
        from: Month,
        /// So many times as much.
        times: Quantity,
    },
}

/// What happens, by the terms and a number of what-ifs.
pub(super) struct Scenario {
    /// The deal, with its indices moved.
    pub(super) deal: Deal,
    /// Its periods, and those of renewals.
    pub(super) periods: Vec<Period>,
    /// What is collected on each date.
    pub(super) collected: Vec<Amount>,
    /// What falls due on each date under each agreement, by name.
    pub(super) agreements: Vec<BTreeMap<ItemName, Amount>>,
}

impl Scenario {
    pub(super) fn new(deal: &Deal, what_ifs: &[WhatIf]) -> Result<Self, InvalidDeal> {
        for what_if in what_ifs {
            what_if.check(deal.terms())?;
        }
        let mut terms = deal.terms().clone();
        for what_if in what_ifs {
            if let WhatIf::RateMove { index, from, by } = what_if {
                terms
                    .indices
                    .iter_mut()
                    .filter(|known| known.name == *index)
                    .try_for_each(|known| moved(known, *from, *by))?;
            }
        }
        let renewed = what_ifs.iter().map(WhatIf::renewed_months).max().unwrap_or(0);
        let periods = Period::schedule(&terms, end_of(&terms).plus(i32::from(renewed)))?;
        let deal = Deal::new(terms)?;
        deal.check_interest()?;
        let collected = collected(deal.terms(), &periods, what_ifs)?;
        let agreements = periods.iter().map(|period| dues(deal.terms(), period, what_ifs)).collect::<Result<_, _>>()?;
        Ok(Self { deal, periods, collected, agreements })
    }
}

impl WhatIf {
    fn check(&self, terms: &DealTerms) -> Result<(), InvalidDeal> {
        let number = |at: &str, why| Err(InvalidDeal::Number(at.to_owned(), why));
        let unknown = |at: &str, kind, name: &ItemName| Err(InvalidDeal::Unknown(at.to_owned(), kind, *name));
        match self {
            Self::Outage { contract, .. }
            | Self::LatePayment { contract, .. }
            | Self::ShortPayment { contract, .. }
            | Self::ClientDefault { contract, .. }
                if !terms.contracts.iter().any(|known| known.name == *contract) =>
            {
                unknown("a what-if", "contract", contract)
            }
            Self::RateMove { index, .. } if !terms.indices.iter().any(|known| known.name == *index) => {
                unknown("a what-if", "index", index)
            }
            Self::ShortPayment { paid, .. } if !(Amount::ZERO..=Amount::LINE_MAX).contains(paid) => {
                number("a what-if", "what is paid is zero to 1,000,000,000,000")
            }
            Self::Outage { share, .. } | Self::LatePayment { share: Some(share), .. } if *share > Quantity::ONE => {
                number("a what-if", "a share is 0 to 1")
            }
            Self::Renewal { utilization, .. } if *utilization > Quantity::ONE => number("renewal", "a share is 0 to 1"),
            Self::Renewal { price, .. } if !(Amount::ZERO..=Amount::LINE_MAX).contains(price) => {
                number("renewal", "a price is zero to 1,000,000,000,000")
            }
            Self::Outage { months, .. } | Self::LatePayment { months, .. } | Self::Renewal { months, .. }
                if *months > MONTHS_MAX =>
            {
                number("a what-if", "it is for 600 months at most")
            }
            _ => Ok(()),
        }
    }

    const fn renewed_months(&self) -> u16 {
        if let Self::Renewal { months, .. } = self { *months } else { 0 }
    }

    /// Which part of a month of a contract is paid.
    fn paid_share(&self, of: &ClientContract, month: Month) -> Decimal {
        match self {
            Self::Outage { contract, from, months, share } if *contract == of.name => {
                let is_out = (*from..from.plus(i32::from(*months))).contains(&month);
                if is_out { Decimal::ONE - share.decimal() } else { Decimal::ONE }
            }
            Self::ClientDefault { contract, from } if *contract == of.name && month >= *from => Decimal::ZERO,
            _ => Decimal::ONE,
        }
    }

    /// What is paid of a month of a contract at most.
    fn paid_at_most(&self, of: &ClientContract, of_month: Month) -> Option<Amount> {
        match self {
            Self::ShortPayment { contract, month, paid } if *contract == of.name && *month == of_month => Some(*paid),
            _ => None,
        }
    }

    /// How many times its price energy costs in a month.
    fn energy_price(&self, month: Month) -> Decimal {
        match self {
            Self::EnergyPrice { from, times } if month >= *from => times.decimal(),
            _ => Decimal::ONE,
        }
    }

    /// How many months later which part of a month of a contract is paid.
    fn delay(&self, of: &ClientContract, of_month: Month) -> Option<(i32, Decimal)> {
        match self {
            Self::LatePayment { contract, month, months, share } if *contract == of.name && *month == of_month => {
                Some((i32::from(*months), share.map_or(Decimal::ONE, Quantity::decimal)))
            }
            _ => None,
        }
    }
}

/// An index that is fixed higher by a fraction, from a day on.
fn moved(index: &mut RateIndex, from: Day, by: Rate) -> Result<(), InvalidDeal> {
    let held = index.fixings.iter().rfind(|fixing| fixing.from <= from).map(|fixing| Fixing { from, ..*fixing });
    let (mut fixings, mut later): (Vec<Fixing>, Vec<Fixing>) =
        index.fixings.iter().partition(|fixing| fixing.from < from);
    later.retain(|fixing| fixing.from > from);
    for fixing in held.into_iter().chain(later) {
        let rate: Result<Rate, _> = (fixing.rate.fraction() + by.fraction()).to_string().parse();
        let out_of_range = InvalidDeal::Number(index.name.to_string(), "a rate that is moved stays between -1 and 10");
        fixings.push(Fixing { rate: rate.map_err(|_| out_of_range)?, ..fixing });
    }
    index.fixings = fixings;
    Ok(())
}

/// What is collected on the date of each period.
fn collected(terms: &DealTerms, periods: &[Period], what_ifs: &[WhatIf]) -> Result<Vec<Amount>, InvalidDeal> {
    let mut collected = vec![Amount::ZERO; periods.len()];
    // What is paid behind the last date is collected on it: the box does not end without it.
    let mut collect = |month: Month, amount: Amount| {
        let on = periods.partition_point(|period| period.months.end <= month).min(periods.len() - 1);
        collected[on] += amount;
    };
    for contract in &terms.contracts {
        for month in contract.months() {
            let share: Decimal = what_ifs.iter().map(|what_if| what_if.paid_share(contract, month)).product();
            let by_terms = contract.charged_share(month, share);
            let by_terms = by_terms.ok_or_else(|| InvalidDeal::TooLarge(contract.name.to_string()))?;
            let paid = what_ifs.iter().filter_map(|what_if| what_if.paid_at_most(contract, month)).min();
            let mut on_time = paid.map_or(by_terms, |paid| paid.min(by_terms));
            for (months, share) in what_ifs.iter().filter_map(|what_if| what_if.delay(contract, month)) {
                let late = times(on_time, share).unwrap_or_default();
                collect(month.plus(months), late);
                on_time -= late;
            }
            collect(month, on_time);
        }
    }
    let end = end_of(terms);
    for what_if in what_ifs {
        let WhatIf::Renewal { gpus, price, utilization, months } = what_if else { continue };
        for nth in 0..i32::from(*months) {
            let month = end.plus(nth);
            let gpu_hours = Decimal::from(*gpus) * hours_of(month) * utilization.decimal();
            collect(month, times(*price, gpu_hours).ok_or_else(|| InvalidDeal::TooLarge("renewal".to_owned()))?);
        }
    }
    if collected.iter().any(|amount| *amount > Amount::LINE_MAX) {
        return Err(InvalidDeal::TooLarge(terms.name.to_string()));
    }
    Ok(collected)
}

/// What falls due under each agreement on the date of a period.
fn dues(terms: &DealTerms, period: &Period, what_ifs: &[WhatIf]) -> Result<BTreeMap<ItemName, Amount>, InvalidDeal> {
    let is_dearer = what_ifs.iter().any(|what_if| matches!(what_if, WhatIf::EnergyPrice { .. }));
    let agreements = terms.agreements.iter().zip(&period.agreements).map(|(agreement, by_terms)| {
        let due = if agreement.kind == AgreementKind::Power && is_dearer {
            let months = period.months().map(|month| {
                let dearer = |factor: Decimal, what_if: &WhatIf| factor.checked_mul(what_if.energy_price(month));
                times(agreement.charged(month, terms.closing.month())?, what_ifs.iter().try_fold(Decimal::ONE, dearer)?)
            });
            months.sum::<Option<Amount>>().filter(|due| *due <= Amount::LINE_MAX)
        } else {
            Some(*by_terms)
        };
        Ok((agreement.name, due.ok_or_else(|| InvalidDeal::TooLarge(agreement.name.to_string()))?))
    });
    agreements.collect()
}
