//! What the sponsor repays of a box's debt beside a run, before it is due.

use super::document::Deal;
use super::funding::ItemAmount;
use super::run::Run;
use super::standing::Standing;
use crate::identity::ItemName;
use crate::money::Amount;

/// Why a prepayment is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrepayment {
    /// The deal has no such facility.
    #[error("the deal has no facility {0}")]
    Facility(ItemName),
    /// A facility is named more than once.
    #[error("{0} is named twice")]
    Twice(ItemName),
    /// The amount is not above zero, more than is owed after the run, or has fractions of a cent.
    #[error("{open} of {facility} can be prepaid after this run, in whole cents")]
    Amount {
        /// The facility.
        facility: ItemName,
        /// What is owed on it after the run.
        open: Amount,
    },
}

impl Deal {
    /// Checks what the sponsor is to repay beside a run: no more of a facility than is owed on it.
    ///
    /// # Errors
    /// [`InvalidPrepayment`] for the first that is not possible.
    pub fn check_prepayments(&self, run: &Run, prepaid: &[ItemAmount]) -> Result<(), InvalidPrepayment> {
        for (place, ItemAmount { name, amount }) in prepaid.iter().enumerate() {
            if !self.terms().facilities.iter().any(|facility| facility.name == *name) {
                return Err(InvalidPrepayment::Facility(*name));
            }
            if prepaid[..place].iter().any(|other| other.name == *name) {
                return Err(InvalidPrepayment::Twice(*name));
            }
            let open = run.after.owed_on(*name);
            if *amount <= Amount::ZERO || *amount > open || *amount != amount.whole_cents() {
                return Err(InvalidPrepayment::Amount { facility: *name, open });
            }
        }
        Ok(())
    }

    /// Where a box stands after a run beside which the sponsor repaid debt.
    pub fn standing_after(&self, run: &Run, prepaid: &[ItemAmount]) -> Standing {
        let mut standing = run.after.clone();
        for ItemAmount { name, amount } in prepaid {
            self.prepay(&mut standing, *name, *amount);
        }
        standing
    }

    /// Takes off a facility what is repaid of it: what is not due yet first, then what is overdue.
    fn prepay(&self, standing: &mut Standing, facility: ItemName, amount: Amount) {
        let debt = standing.debts.entry(facility).or_default();
        *debt -= amount;
        let left = *debt;
        if let Some(step) = self.principal_step(facility)
            && let Some(carried) = standing.carried.get_mut(&step)
        {
            *carried = (*carried).min(left);
            if carried.is_zero() {
                standing.carried.remove(&step);
            }
        }
    }
}
