use ledger::OrganizationId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};
use crate::identity::LotId;
use crate::lot::Supply;
use crate::market::MarketId;

/// The free part of a lot was withdrawn; its asks ended before.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LotWithdrawn {
    /// Lot that is withdrawn.
    pub lot: LotId,
    /// Provider that listed it and delivers what is sold of it.
    pub organization: OrganizationId,
    /// Market in which it was sold.
    pub market: MarketId,
}

impl EventType for LotWithdrawn {
    const NAME: &'static str = "lot_withdrawn";
    const VERSION: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::Market(self.market)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.lot.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::named(&[self.organization])
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::of(self)
    }

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        if let Some(key) = exchange.venue.lot_key(Supply::Lot(self.lot)) {
            exchange.venue.withdraw(key);
        }
    }
}
