use ledger::{BoxId, ClientId, Label, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, Parties};

/// The acceleration of a box's debt was rescinded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AccelerationRescinded {
    /// Box whose debt it is.
    #[serde(rename = "box")]
    pub box_id: BoxId,
    /// Client that entered it.
    pub by: ClientId,
    /// Reason given.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
}

impl EventType for AccelerationRescinded {
    const NAME: &'static str = "acceleration_rescinded";
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
        Some(Entered::by(self.by).saying(&self.reason))
    }

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.boxes.accelerate(self.box_id, false);
    }
}
