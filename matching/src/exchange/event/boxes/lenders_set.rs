use std::collections::BTreeSet;

use ledger::{BoxId, ClientId, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, Parties};

/// The organizations that lend to a box, and may see it, were set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LendersSet {
    /// Box that is lent to.
    #[serde(rename = "box")]
    pub box_id: BoxId,
    /// The new lender list; replaces the old one.
    pub lenders: BTreeSet<OrganizationId>,
    /// Client that entered it.
    pub by: ClientId,
}

impl EventType for LendersSet {
    const NAME: &'static str = "lenders_set";
    const VERSION: u16 = 1;
    const IS_ENTERED: bool = true;

    fn key(&self) -> EventKey {
        EventKey::Box(self.box_id)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.box_id.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::default()
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::none()
    }

    fn entered(&self) -> Option<Entered<'_>> {
        Some(Entered::by(self.by))
    }

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.boxes.set_lenders(self);
    }
}
