use ledger::{Label, OrganizationId, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};

/// The kill switch of an organization was thrown; its orders ended with it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrganizationSuspended {
    /// Organization that is suspended.
    pub organization: OrganizationId,
    /// Reason given.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
}

impl EventType for OrganizationSuspended {
    const NAME: &'static str = "organization_suspended";
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
        exchange.change(self.organization, |it| it.suspended = true);
    }
}
