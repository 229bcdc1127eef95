use ledger::{Amount, Currency, Fact, OrganizationId, PaymentReference, PayoutId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties, PayoutSource};
use crate::order::is_default;

/// An organization requested a payout.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PayoutRequested {
    /// Id of the payout.
    pub payout: PayoutId,
    /// Organization that is paid.
    pub organization: OrganizationId,
    /// Amount that leaves the bank, after tax; more than zero.
    pub amount: Amount,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Source of the money.
    pub source: PayoutSource,
    /// Reference that the payment quotes.
    pub reference: PaymentReference,
    /// Tax withheld on top of `amount`; zero when none is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub withheld: Amount,
}

impl EventType for PayoutRequested {
    const NAME: &'static str = "payout_requested";
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
        facts.state_nonzero(amount, Fact::PayoutRequested { organization, source, amount }, self.currency);
        facts.state_nonzero(self.withheld, Fact::TaxWithheld { organization, amount: self.withheld }, self.currency);
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        let is_taxed = self.source == PayoutSource::Payable;
        let known = exchange.organizations.get(&self.organization).filter(|_| is_taxed);
        let basis_points = known.map_or(0, |known| known.withholding_bps);
        exchange.bank.pay_out(self, basis_points, exchange.sequence);
        exchange.withhold(self.organization, self.currency, self.amount + self.withheld, basis_points, self.withheld);
    }
}
