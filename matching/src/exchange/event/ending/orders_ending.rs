use ledger::OrganizationId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::work::{Unfinished, Work};
use crate::exchange::{Ending, Exchange, Parties};

/// More orders of an organization end together than one step ends. They end in the steps that follow; meanwhile the
/// markets that they touch wait.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrdersEnding {
    /// Organization that placed the orders.
    pub organization: OrganizationId,
    /// Orders that end, and what they end for.
    pub ending: Ending,
}

impl EventType for OrdersEnding {
    const NAME: &'static str = "orders_ending";
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

    fn apply(&self, exchange: &mut Exchange, stamp: Stamp) {
        let work = Work::EndOrders { organization: self.organization, ending: self.ending.clone() };
        exchange.unfinished.insert(stamp.sequence, Unfinished { command: stamp.command, work });
    }
}
