use ledger::{Label, OrganizationId, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Organization, Parties};

/// An organization was admitted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrganizationRegistered {
    /// Id of the organization.
    pub organization: OrganizationId,
    /// Name as people write it.
    #[serde(deserialize_with = "from_log")]
    pub name: Label,
}

impl EventType for OrganizationRegistered {
    const NAME: &'static str = "organization_registered";
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
        exchange.organizations.insert(self.organization, Organization::admitted(self.name.clone()));
    }
}
