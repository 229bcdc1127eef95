use ledger::OrganizationId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};

/// How much of a seller's payouts is withheld as tax was set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WithholdingSet {
    /// The seller.
    pub organization: OrganizationId,
    /// Of what it has paid out of its earnings, in basis points; 0 when nothing is withheld.
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
