//! What becomes due to and from a box in a period, besides what is collected: the dues of its run, its revenue and its depreciation.

use std::collections::BTreeMap;

use super::funding::ItemAmount;
use super::schedule::Schedule;
use super::standing::{Dues, Standing};
use super::supplier_invoices::SupplierInvoices;
use crate::identity::ItemName;
use crate::money::Amount;

impl Schedule<'_> {
    /// What is due at the end of the period, of what was collected by then. An agreement is due what was invoiced, else what its terms
    /// say; what was charged too much before comes off it, as far as it goes.
    pub fn dues(&self, standing: &Standing, collected: Amount, invoices: &SupplierInvoices) -> Dues {
        let agreements = self.charged(invoices).map(|(name, amount)| (name, amount.max(Amount::ZERO)));
        Dues { collected, agreements: agreements.collect(), interest: self.interest(standing) }
    }

    /// What was charged too much before and does not come off what is due in this period, by agreement: below zero.
    pub fn corrections_left(&self, invoices: &SupplierInvoices) -> BTreeMap<ItemName, Amount> {
        self.charged(invoices).filter(|(_, amount)| *amount < Amount::ZERO).collect()
    }

    /// What each agreement comes to in the period.
    fn charged(&self, invoices: &SupplierInvoices) -> impl Iterator<Item = (ItemName, Amount)> {
        let terms = self.deal().terms();
        terms.agreements.iter().map(move |agreement| {
            // Behind the contracts' end no months are left, and only corrections are due.
            let charged = |month| invoices.charged_in_run(agreement, month, terms.closing.month());
            let months: Amount = self.period().months().filter_map(charged).sum();
            (agreement.name, months + invoices.correction_of(agreement.name))
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
