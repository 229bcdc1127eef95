//! What suppliers invoice instead of what the agreements' terms say: in the run of its month, or as a correction in the
//! next.

use std::collections::BTreeMap;

use serde::Serialize;

use super::agreement::Agreement;
use super::document::Deal;
use super::progress::Progress;
use crate::calendar::Month;
use crate::identity::ItemName;
use crate::money::Amount;

/// What the supplier of an agreement invoices for a month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SupplierInvoice {
    /// The agreement.
    pub agreement: ItemName,
    /// The month.
    pub month: Month,
    /// What the month costs, in whole.
    pub amount: Amount,
}

/// Why a supplier's invoice is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidInvoice {
    /// The deal has no such agreement.
    #[error("the deal has no agreement of this name")]
    Agreement,
    /// The amount is below zero, too large or has fractions of a cent.
    #[error("an amount is zero to 1,000,000,000,000, in whole cents")]
    Amount,
    /// The month is before the closing.
    #[error("its month is before the deal's closing")]
    BeforeClosing,
    /// The month has not begun.
    #[error("its month is still to come")]
    ToCome,
    /// No run follows that could take it up.
    #[error("the last run of the deal has been")]
    NoRunLeft,
}

/// What the suppliers of a box have invoiced, where it is not what the agreements' terms say.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct SupplierInvoices {
    /// What was invoiced for a month as it was taken up, or will be.
    in_their_runs: BTreeMap<(ItemName, Month), Amount>,
    /// What months cost that runs have taken up, as last invoiced.
    as_corrected: BTreeMap<(ItemName, Month), Amount>,
    /// What agreements have charged, or taken back, for months that runs have taken up, and is to be taken up; never
    /// zero.
    corrections: BTreeMap<ItemName, Amount>,
}

impl SupplierInvoices {
    /// Takes in an invoice: with what it corrects, or without where the run of its month takes it up.
    pub fn take_in(&mut self, invoice: &SupplierInvoice, correction: Option<Amount>) {
        let of = (invoice.agreement, invoice.month);
        if let Some(correction) = correction {
            self.as_corrected.insert(of, invoice.amount);
            self.add_correction(invoice.agreement, correction);
        } else {
            self.in_their_runs.insert(of, invoice.amount);
        }
    }

    /// Hands the corrections over that a run takes up, by agreement, and keeps what it leaves of them.
    pub fn take_up(&mut self, left: &BTreeMap<ItemName, Amount>) -> BTreeMap<ItemName, Amount> {
        std::mem::replace(&mut self.corrections, left.clone())
    }

    /// Gives back what a run that is reversed had `taken` up and `left`: it is to be taken up again, and what was
    /// corrected since is corrected still.
    pub fn give_back(&mut self, taken: BTreeMap<ItemName, Amount>, left: BTreeMap<ItemName, Amount>) {
        for (agreement, amount) in left {
            self.add_correction(agreement, -amount);
        }
        for (agreement, amount) in taken {
            self.add_correction(agreement, amount);
        }
    }

    fn add_correction(&mut self, agreement: ItemName, amount: Amount) {
        *self.corrections.entry(agreement).or_default() += amount;
        self.corrections.retain(|_, amount| !amount.is_zero());
    }

    /// What a month costs in its run: what was invoiced, else what the terms say. None where that is beyond what the
    /// books take.
    pub(super) fn charged_in_run(&self, agreement: &Agreement, month: Month, closing: Month) -> Option<Amount> {
        let invoiced = self.in_their_runs.get(&(agreement.name, month)).copied();
        invoiced.or_else(|| agreement.charged(month, closing))
    }

    /// What is to be taken up of an agreement beside the months of a run, below zero where too much was charged before.
    pub(super) fn correction_of(&self, agreement: ItemName) -> Amount {
        self.corrections.get(&agreement).copied().unwrap_or_default()
    }
}

impl Deal {
    /// By how much an invoice corrects what runs have taken up of its month; None where its run is still to take it up.
    /// `now` is the month in progress.
    ///
    /// # Errors
    /// [`InvalidInvoice`] where no run could take it up.
    pub fn correction(
        &self,
        invoice: &SupplierInvoice,
        progress: &Progress<'_>,
        now: Month,
    ) -> Result<Option<Amount>, InvalidInvoice> {
        let SupplierInvoice { agreement, month, amount } = *invoice;
        let known = self.terms().agreements.iter().find(|known| known.name == agreement);
        let known = known.ok_or(InvalidInvoice::Agreement)?;
        if !(Amount::ZERO..=Amount::LINE_MAX).contains(&amount) || amount != amount.whole_cents() {
            return Err(InvalidInvoice::Amount);
        }
        let closing = self.terms().closing.month();
        if month < closing {
            return Err(InvalidInvoice::BeforeClosing);
        }
        if month > now {
            return Err(InvalidInvoice::ToCome);
        }
        let next = self.next_period(progress).ok_or(InvalidInvoice::NoRunLeft)?;
        let corrected = progress.invoices.as_corrected.get(&(agreement, month)).copied();
        // A run that was reversed takes up again what it did, and what was corrected since.
        if month >= next.months.start && corrected.is_none() {
            return Ok(None);
        }
        let before = corrected.or_else(|| progress.invoices.charged_in_run(known, month, closing));
        Ok(Some(amount - before.unwrap_or_default()))
    }
}
