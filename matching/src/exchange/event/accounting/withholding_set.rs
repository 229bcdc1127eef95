use ledger::OrganizationId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};

/// The tax withheld from a seller's payouts was set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WithholdingSet {
    /// Seller that is taxed.
    pub organization: OrganizationId,
    /// Rate in basis points of what it is paid out of its earnings, 0 to 10 000; 0 withholds nothing.
    pub basis_points: u16,
}

impl EventType for WithholdingSet {
    const NAME: &'static str = "withholding_set";
    const VERSION: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::Organization(self.organization)
    }

    fn subject(&self) -> Option<Uuid> {
        None
    }

    fn parties(&self) -> Parties {
        Parties::named(&[self.organization])
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::of(self)
    }

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.change(self.organization, |it| it.withholding_bps = self.basis_points);
    }
}
