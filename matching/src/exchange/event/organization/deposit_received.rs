use ledger::{Amount, Currency, DepositId, Fact, Label, OrganizationId, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};

/// A deposit arrived at the bank.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DepositReceived {
    /// Its id.
    pub deposit: DepositId,
    /// Whose money.
    pub organization: OrganizationId,
    /// How much.
    pub amount: Amount,
    /// In what currency.
    pub currency: Currency,
    /// The bank's reference.
    #[serde(deserialize_with = "from_log")]
    pub reference: Label,
}

impl EventType for DepositReceived {
    const NAME: &'static str = "deposit_received";
    const VERSION: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::Organization(self.organization)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.deposit.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::named(&[self.organization])
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::of(self)
    }

    fn facts(&self, facts: &mut Facts<'_>) {
        facts.state_nonzero(
            self.amount,
            Fact::DepositRecorded { organization: self.organization, amount: self.amount },
            self.currency,
        );
    }

    fn apply(&self, exchange: &mut Exchange, stamp: Stamp) {
        exchange.bank.record(self, stamp.sequence);
    }
}
