use ledger::{Amount, BankAccountId, BankLine, Currency, Day, Fact, StatementId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};

/// The bank booked lines of a statement that have one posting date. A statement with many lines has several of these.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BankLinesBooked {
    /// Statement that has the lines.
    pub statement: StatementId,
    /// Account that the lines are on.
    pub account: BankAccountId,
    /// Currency of the account.
    pub currency: Currency,
    /// Day on which the books date them.
    pub day: Day,
    /// Place of the first line in the statement, from 1; the others follow it.
    pub first: u32,
    /// Lines in the statement's order.
    pub lines: Vec<BankLine>,
}

impl EventType for BankLinesBooked {
    const NAME: &'static str = "bank_lines_booked";
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

    fn facts(&self, facts: &mut Facts<'_>) {
        let amounts: Vec<Amount> =
            self.lines.iter().map(|line| line.amount).filter(|amount| !amount.is_zero()).collect();
        if !amounts.is_empty() {
            facts.state(&Fact::BankBooked { account: self.account, amounts: &amounts }, self.currency, self.day);
        }
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.bank.book(self);
    }
}
