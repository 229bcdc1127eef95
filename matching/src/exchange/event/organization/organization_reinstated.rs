use ledger::OrganizationId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};

/// The kill switch of an organization was released.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrganizationReinstated {
    /// Organization that is reinstated.
    pub organization: OrganizationId,
}

impl EventType for OrganizationReinstated {
    const NAME: &'static str = "organization_reinstated";
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
        exchange.change(self.organization, |it| it.suspended = false);
    }
}
