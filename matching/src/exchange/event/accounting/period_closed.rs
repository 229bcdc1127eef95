use ledger::{ClientId, Month};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, Parties};

/// A month was closed for good: no entry is dated in it any more.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PeriodClosed {
    /// Month that is closed.
    pub period: Month,
    /// Client that closed it.
    pub by: ClientId,
}

impl EventType for PeriodClosed {
    const NAME: &'static str = "period_closed";
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

    fn apply(&self, exchange: &mut Exchange, stamp: Stamp) {
        exchange.accounting.close(self, stamp.at, stamp.sequence);
    }
}
