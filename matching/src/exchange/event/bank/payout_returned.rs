use ledger::{Amount, Currency, Fact, Label, OrganizationId, PayoutId, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties, PayoutSource};
use crate::order::is_default;

/// A payout did not leave the bank: its amount in transit is the organization's again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PayoutReturned {
    /// Payout that is returned.
    pub payout: PayoutId,
    /// Organization that is credited again.
    pub organization: OrganizationId,
    /// Amount that was in transit, more than zero.
    pub amount: Amount,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Source that the money goes back to.
    pub source: PayoutSource,
    /// Reason given.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
    /// Tax that had been withheld on top of `amount`, which is given back as well.
    #[serde(default, skip_serializing_if = "is_default")]
    pub withheld: Amount,
}

impl EventType for PayoutReturned {
    const NAME: &'static str = "payout_returned";
    const VERSION: u16 = 2;
    const READ_FROM: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::Organization(self.organization)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.payout.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::named(&[self.organization])
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::of(self)
    }

    fn facts(&self, facts: &mut Facts<'_>) {
        let (organization, source, amount) = (self.organization, self.source.kind(), self.amount);
        facts.state_nonzero(amount, Fact::PayoutReturned { organization, source, amount }, self.currency);
        facts.state_nonzero(self.withheld, Fact::TaxReturned { organization, amount: self.withheld }, self.currency);
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        let basis_points = exchange.bank.take_back(self);
        let paid = -(self.amount + self.withheld);
        exchange.withhold(self.organization, self.currency, paid, basis_points, -self.withheld);
    }
}
