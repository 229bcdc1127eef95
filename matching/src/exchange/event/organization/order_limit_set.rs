use ledger::OrganizationId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};

/// The number of an organization's open orders was bounded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrderLimitSet {
    /// Organization that is bounded.
    pub organization: OrganizationId,
    /// Largest number of open orders; `None` for the exchange's default.
    pub open_orders_max: Option<u32>,
}

impl EventType for OrderLimitSet {
    const NAME: &'static str = "order_limit_set";
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
        exchange.change(self.organization, |it| it.open_orders_max = self.open_orders_max);
    }
}
