use ledger::{ClientId, Day, Fact, Label, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::boxes::waterfall_run::{accruals, cash_moves, waterfall_run};
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, Parties, WaterfallRun};

/// A waterfall run that was a mistake was reversed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WaterfallReversed {
    /// Sequence of the event that had recorded it.
    pub corrects: u64,
    /// Run as it was recorded.
    pub undone: Box<WaterfallRun>,
    /// Client that entered the reversal.
    pub by: ClientId,
    /// Day on which the books date it.
    pub day: Day,
    /// Reason given.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
}

impl EventType for WaterfallReversed {
    const NAME: &'static str = "waterfall_reversed";
    const VERSION: u16 = 2;
    const READ_FROM: u16 = 1;
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
        let (accruals, moves) = (accruals(&self.undone), cash_moves(&self.undone));
        let reversed = waterfall_run(&self.undone, &accruals, &moves);
        if !reversed.is_empty() {
            let (box_id, event) = (self.undone.box_id, self.corrects);
            facts.state(&Fact::WaterfallReversed { box_id, facts: &reversed, event }, self.undone.currency, self.day);
        }
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.change_box(self.undone.box_id, |boxes| boxes.reverse(self));
    }
}
