use ledger::deal::{Deal, DealTerms};
use ledger::{BoxId, ClientId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::boxes::OwnDeal;
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, Parties};

/// A box's deal was amended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DealAmended {
    /// Box whose deal it is.
    #[serde(rename = "box")]
    pub box_id: BoxId,
    /// Number of the new version, from 2.
    pub version: u32,
    /// Client that entered it.
    pub by: ClientId,
    /// The deal as it is from now on.
    #[schemars(with = "DealTerms")]
    pub deal: Box<Deal>,
}

impl EventType for DealAmended {
    const NAME: &'static str = "deal_amended";
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
        Part::of(&OwnDeal::of(self.box_id, self.version, &self.deal))
    }

    fn entered(&self) -> Option<Entered<'_>> {
        Some(Entered::by(self.by))
    }

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, stamp: Stamp) {
        exchange.change_box(self.box_id, |boxes| boxes.agree(self.box_id, &self.deal, self.by, stamp.at));
    }
}
