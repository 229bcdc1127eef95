//! Deferred revenue: the accounts of money that was paid for what is yet to be delivered, and what a movement of them means.

use serde::{Deserialize, Serialize};

use crate::account::AccountKind;
use crate::money::Amount;

/// The accounts of money that was paid for what is yet to be delivered, or that secures it.
pub const DEFERRED_REVENUE: [AccountKind; 3] =
    [AccountKind::ContractPrepayment, AccountKind::SecurityDeposit, AccountKind::SpotPrepayment];

/// What a movement does to deferred revenue, told by the account and those on the other side of its entries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Movement {
    /// Paid in.
    Added,
    /// From one of the accounts to another: a security deposit that pays a period.
    Transferred,
    /// Delivered: earned by the seller and the exchange.
    Recognized,
    /// Given back to the buyer: credits, refunds and deposits, as the rule says.
    Returned,
    /// A security deposit that the seller keeps.
    Forfeited,
    /// Anything else.
    Other,
}

impl Movement {
    /// Every movement, in the order in which reports list them.
    pub const ALL: [Self; 6] =
        [Self::Added, Self::Transferred, Self::Recognized, Self::Returned, Self::Forfeited, Self::Other];

    /// The name that reports show, which is also the serialized one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Transferred => "transferred",
            Self::Recognized => "recognized",
            Self::Returned => "returned",
            Self::Forfeited => "forfeited",
            Self::Other => "other",
        }
    }

    /// What an amount does that moves a deferred account, with the accounts `counter` on the other side. `moved` is above zero where
    /// more is deferred.
    pub fn of(account: AccountKind, moved: Amount, counter: &[AccountKind]) -> Self {
        let any = |wanted: &[AccountKind]| counter.iter().any(|kind| wanted.contains(kind));
        if !counter.is_empty() && counter.iter().all(|kind| DEFERRED_REVENUE.contains(kind)) {
            Self::Transferred
        } else if moved > Amount::ZERO {
            Self::Added
        } else if any(&[AccountKind::SellerPayable, AccountKind::BoxPayable, AccountKind::FeeRevenue]) {
            if account == AccountKind::SecurityDeposit { Self::Forfeited } else { Self::Recognized }
        } else if any(&[AccountKind::CustomerAvailable, AccountKind::CustomerHeld]) {
            Self::Returned
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AccountKind::{
        Bank, ContractPrepayment, CustomerAvailable, CustomerHeld, FeeRevenue, SecurityDeposit, SellerPayable,
    };

    #[test]
    fn a_movement_is_told_by_the_accounts() {
        for (account, micros, counter, expected) in [
            (ContractPrepayment, 1, &[CustomerHeld][..], Movement::Added),
            (ContractPrepayment, 1, &[CustomerAvailable, SellerPayable], Movement::Added),
            (ContractPrepayment, 1, &[SecurityDeposit], Movement::Transferred),
            (SecurityDeposit, -1, &[ContractPrepayment], Movement::Transferred),
            (ContractPrepayment, -1, &[SellerPayable], Movement::Recognized),
            (ContractPrepayment, -1, &[FeeRevenue, SellerPayable], Movement::Recognized),
            (SecurityDeposit, -1, &[SellerPayable], Movement::Forfeited),
            (SecurityDeposit, -1, &[CustomerAvailable], Movement::Returned),
            (ContractPrepayment, -1, &[CustomerAvailable], Movement::Returned),
            (ContractPrepayment, -1, &[Bank], Movement::Other),
            (ContractPrepayment, -1, &[], Movement::Other),
        ] {
            let told = Movement::of(account, Amount::from_micros(micros), counter);
            assert_eq!(told, expected, "{account} {micros} {counter:?}");
        }
    }

    #[test]
    fn a_movement_is_serialized_as_its_name() {
        for movement in Movement::ALL {
            assert_eq!(serde_json::to_value(movement).unwrap(), movement.name());
        }
    }
}
