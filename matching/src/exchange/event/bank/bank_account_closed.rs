use ledger::{Amount, BankAccountId, Currency, Fact};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};

/// An account at a bank was closed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BankAccountClosed {
    /// Account that is closed.
    pub account: BankAccountId,
    /// Currency of the account.
    pub currency: Currency,
    /// Opening balance to take back, where no statement ever confirmed it; zero otherwise.
    pub opening: Amount,
}

impl EventType for BankAccountClosed {
    const NAME: &'static str = "bank_account_closed";
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
        let closed = Fact::BankClosed { account: self.account, amount: self.opening };
        facts.state_nonzero(self.opening.abs(), closed, self.currency);
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.bank.close(self);
    }
}
