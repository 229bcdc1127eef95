use ledger::deal::Rate;
use ledger::{ClientId, Day, ItemName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, Parties};

/// An index was fixed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct IndexFixed {
    /// Name of the index in deals.
    pub index: ItemName,
    /// First day of the rate; it holds until the next fixing.
    pub from: Day,
    /// Rate a year, as a fraction.
    pub rate: Rate,
    /// Client that entered it.
    pub by: ClientId,
}

impl EventType for IndexFixed {
    const NAME: &'static str = "index_fixed";
    const VERSION: u16 = 1;
    const IS_ENTERED: bool = true;

    fn key(&self) -> EventKey {
        EventKey::Ledger
    }

    fn subject(&self) -> Option<Uuid> {
        None
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
        exchange.rates.entry(self.index).or_default().insert(self.from, self.rate);
    }
}
