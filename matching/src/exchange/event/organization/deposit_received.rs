use ledger::{Amount, Currency, DepositId, Fact, Label, OrganizationId, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};

/// A deposit was credited before its booking was known.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DepositReceived {
    /// Id of the deposit.
    pub deposit: DepositId,
    /// Organization that is credited.
    pub organization: OrganizationId,
    /// Amount credited, more than zero.
    pub amount: Amount,
    /// Currency of the amount.
    pub currency: Currency,
    /// Reference that the bank gave.
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
