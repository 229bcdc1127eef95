//! What becomes due to and from a box in a period, besides what is collected: the dues of its run, its revenue and its depreciation.

use std::collections::BTreeMap;

use super::funding::ItemAmount;
use super::schedule::Schedule;
use super::standing::{Dues, Standing};
use crate::calendar::Month;
use crate::identity::ItemName;
use crate::money::Amount;

/// What the suppliers of a box have invoiced, where it is not what the agreements' terms say.
#[derive(Clone, Copy, Debug)]
pub struct Invoiced<'a> {
    /// What they have invoiced for a month that no run has taken up, by agreement.
    pub months: &'a BTreeMap<(ItemName, Month), Amount>,
    /// What they have charged, or taken back, for months that runs have taken up.
    pub corrections: &'a BTreeMap<ItemName, Amount>,
}

impl Schedule<'_> {
    /// What is due at the end of the period, of what was collected by then. An agreement is due what was invoiced, else what its terms
    /// say; what was charged too much before comes off it, as far as it goes.
    pub fn dues(&self, standing: &Standing, collected: Amount, invoiced: Invoiced<'_>) -> Dues {
        let agreements = self.invoiced(invoiced).map(|(name, amount)| (name, amount.max(Amount::ZERO)));
        Dues { collected, agreements: agreements.collect(), interest: self.interest(standing) }
    }

    /// What was charged too much before and does not come off what is due in this period, by agreement: below zero.
    pub fn corrections_left(&self, invoiced: Invoiced<'_>) -> BTreeMap<ItemName, Amount> {
        self.invoiced(invoiced).filter(|(_, amount)| *amount < Amount::ZERO).collect()
    }

    /// What each agreement comes to in the period.
    fn invoiced(&self, invoiced: Invoiced<'_>) -> impl Iterator<Item = (ItemName, Amount)> {
        let terms = self.deal().terms();
        terms.agreements.iter().map(move |agreement| {
            // Behind the contracts' end no months are left, and only corrections are due.
            let months = self.period().months().filter_map(|month| {
                let by_invoice = invoiced.months.get(&(agreement.name, month)).copied();
                by_invoice.or_else(|| agreement.charged(month, terms.closing.month()))
            });
            let correction = invoiced.corrections.get(&agreement.name).copied().unwrap_or_default();
            (agreement.name, months.sum::<Amount>() + correction)
        })
    }

    /// What each contract that was made elsewhere earned in the months of the period. Those of the exchange earn by the hour.
    pub fn revenue(&self) -> Vec<ItemAmount> {
        let made_elsewhere = self.deal().terms().contracts.iter().filter(|contract| contract.exchange.is_none());
        let earned = made_elsewhere.filter_map(|contract| {
            // A deal's charges are in range.
            let own = self.period().months().filter(|month| contract.charges_for(*month));
            ItemAmount::some(contract.name, own.filter_map(|month| contract.charged(month)).sum())
        });
        earned.collect()
    }

    /// What of each asset was used up in the period.
    pub fn depreciation(&self) -> Vec<ItemAmount> {
        let (from, to) = (self.period().from, self.period().date);
        let used_up = self.deal().terms().assets.iter().filter_map(|asset| {
            let before = if from < asset.in_service { asset.cost } else { asset.depreciated_cost(from) };
            let after = if to < asset.in_service { asset.cost } else { asset.depreciated_cost(to) };
            ItemAmount::some(asset.name, before - after)
        });
        used_up.collect()
    }
}
