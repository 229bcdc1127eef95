use ledger::{Amount, BankAccountId, BankText, Currency, Day, StatementDigest, StatementId, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};

/// A bank statement was imported. Its lines follow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StatementImported {
    /// Its id.
    pub statement: StatementId,
    /// The account.
    pub account: BankAccountId,
    /// Its currency.
    pub currency: Currency,
    /// What the bank calls it.
    #[serde(deserialize_with = "from_log")]
    pub number: BankText,
    /// The balance before the first line.
    pub opening: Amount,
    /// The balance after the last.
    pub closing: Amount,
    /// The day of the closing balance.
    pub day: Day,
    /// How many lines it has.
    pub lines: u32,
    /// Of its content.
    pub digest: StatementDigest,
}

impl EventType for StatementImported {
    const NAME: &'static str = "statement_imported";
    const VERSION: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::BankAccount(self.account)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.statement.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::default()
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::none()
    }

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.bank.import(self);
    }
}
