use ledger::deal::{Deal, DealTerms};
use ledger::{BoxId, ClientId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::boxes::OwnDeal;
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, Parties};

/// A box was created.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BoxCreated {
    /// Id of the box.
    #[serde(rename = "box")]
    pub box_id: BoxId,
    /// Client that entered it.
    pub by: ClientId,
    /// The first version of its deal.
    #[schemars(with = "DealTerms")]
    pub deal: Box<Deal>,
}

impl EventType for BoxCreated {
    const NAME: &'static str = "box_created";
    const VERSION: u16 = 1;
    const IS_ENTERED: bool = true;

    fn key(&self) -> EventKey {
        EventKey::Box(self.box_id)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.box_id.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::named(&[self.deal.terms().sponsor])
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::of(&OwnDeal::of(self.box_id, 1, &self.deal))
    }

    fn entered(&self) -> Option<Entered<'_>> {
        Some(Entered::by(self.by))
    }

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, stamp: Stamp) {
        exchange.boxes.create(self, stamp.at, stamp.sequence);
    }
}
