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
    /// Id of the statement.
    pub statement: StatementId,
    /// Account that it is of.
    pub account: BankAccountId,
    /// Currency of the account.
    pub currency: Currency,
    /// Number of the statement at the bank, such as `00084/001`.
    #[serde(deserialize_with = "from_log")]
    pub number: BankText,
    /// Balance before the first line: positive is money that the bank owes.
    pub opening: Amount,
    /// Balance after the last line: positive is money that the bank owes.
    pub closing: Amount,
    /// Day of the closing balance.
    pub day: Day,
    /// Number of its lines, those of zero included.
    pub lines: u32,
    /// SHA-256 of its content, which recognises the same statement again.
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
