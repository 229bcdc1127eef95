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

/// The window of a lot ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LotExpired {
    /// Lot that ended.
    pub lot: LotId,
    /// Provider that listed it.
    pub organization: OrganizationId,
    /// Market in which it was sold.
    pub market: MarketId,
}

impl EventType for LotExpired {
    const NAME: &'static str = "lot_expired";
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
        if let Some(lot) = exchange.venue.lot(self.lot) {
            exchange.lot_ends.remove(&(lot.window.end().start(), self.lot));
        }
        exchange.venue.remove_lot(Supply::Lot(self.lot));
    }
}
