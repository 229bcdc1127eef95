use ledger::OrganizationId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};

/// The orders of an [`OrdersEnding`](crate::exchange::OrdersEnding) have all ended, and what they ended for has
/// happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrdersEnded {
    /// Organization that placed the orders.
    pub organization: OrganizationId,
    /// Sequence of the [`OrdersEnding`](crate::exchange::OrdersEnding) that began it.
    pub begun: u64,
}

impl EventType for OrdersEnded {
    const NAME: &'static str = "orders_ended";
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
        drop(exchange.unfinished.remove(&self.begun));
    }
}
