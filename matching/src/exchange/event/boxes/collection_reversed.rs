use ledger::{ClientId, Day, Fact, Label, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::boxes::box_collected::box_collected;
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{BoxCollected, Entered, Exchange, Parties};

/// A collection that was entered by mistake was reversed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CollectionReversed {
    /// Sequence of the event that had recorded it.
    pub corrects: u64,
    /// Collection as it was recorded.
    pub undone: BoxCollected,
    /// Client that entered the reversal.
    pub by: ClientId,
    /// Day on which the books date it.
    pub day: Day,
    /// Reason given.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
}

impl EventType for CollectionReversed {
    const NAME: &'static str = "collection_reversed";
    const VERSION: u16 = 1;
    const IS_ENTERED: bool = true;

    fn key(&self) -> EventKey {
        EventKey::Box(self.undone.box_id)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.undone.box_id.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::default()
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::none()
    }

    fn entered(&self) -> Option<Entered<'_>> {
        Some(Entered::by(self.by).saying(&self.reason))
    }

    fn facts(&self, facts: &mut Facts<'_>) {
        for fact in box_collected(&self.undone) {
            let entity = fact.entity();
            let reversed = Fact::CollectionReversed { entity, facts: &[fact], event: self.corrects };
            facts.state(&reversed, self.undone.currency, self.day);
        }
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.boxes.take_back(self);
    }
}
