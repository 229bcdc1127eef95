use ledger::{Amount, BankAccountId, Currency, Fact};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};

/// An account at a bank was opened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BankAccountOpened {
    /// Account as its statements name it.
    pub account: BankAccountId,
    /// Currency of the account.
    pub currency: Currency,
    /// Balance before the first statement: positive is money that the bank owes.
    pub opening: Amount,
    /// Largest difference between a booking and what it is for, zero or more.
    pub tolerance: Amount,
}

impl EventType for BankAccountOpened {
    const NAME: &'static str = "bank_account_opened";
    const VERSION: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::BankAccount(self.account)
    }

    fn subject(&self) -> Option<Uuid> {
        None
    }

    fn parties(&self) -> Parties {
        Parties::default()
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::none()
    }

    fn facts(&self, facts: &mut Facts<'_>) {
        let opened = Fact::BankOpened { account: self.account, amount: self.opening };
        facts.state_nonzero(self.opening.abs(), opened, self.currency);
    }

    fn apply(&self, exchange: &mut Exchange, stamp: Stamp) {
        exchange.bank.open(self, stamp.at.day());
    }
}
