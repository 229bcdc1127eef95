use ledger::{Amount, Currency, DepositId, OrganizationId, PaymentReference};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};

/// An organization announced a deposit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DepositExpected {
    /// Id of the deposit.
    pub deposit: DepositId,
    /// Organization that pays it in.
    pub organization: OrganizationId,
    /// Amount to come, more than zero.
    pub amount: Amount,
    /// Currency of the amount.
    pub currency: Currency,
    /// Reference that the payer quotes.
    pub reference: PaymentReference,
}

impl EventType for DepositExpected {
    const NAME: &'static str = "deposit_expected";
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

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, stamp: Stamp) {
        exchange.bank.expect(self, stamp.sequence);
    }
}
