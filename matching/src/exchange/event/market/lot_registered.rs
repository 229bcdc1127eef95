use ledger::{Label, OrganizationId, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};
use crate::hours::Window;
use crate::identity::LotId;
use crate::lot::{Lot, Supply};
use crate::market::MarketId;
use crate::order::is_default;
use crate::outage::DeliveryTerms;
use crate::timeline::Timeline;

/// A lot was listed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LotRegistered {
    /// Id of the lot.
    pub lot: LotId,
    /// Provider that lists it and will deliver.
    pub organization: OrganizationId,
    /// Market in which it is sold.
    pub market: MarketId,
    /// Number of GPUs in each hour.
    pub gpus: u32,
    /// Hours for which it is available.
    pub window: Window,
    /// Provider's name for the network that the GPUs share.
    #[serde(deserialize_with = "from_log")]
    pub fabric: Label,
    /// Shortest free run that a term sale may leave, in hours; 0 and 1 allow any.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min_remnant_hours: u32,
    /// Delivery terms that its contracts get.
    #[serde(default, skip_serializing_if = "is_default")]
    pub delivery: DeliveryTerms,
}

impl EventType for LotRegistered {
    const NAME: &'static str = "lot_registered";
    const VERSION: u16 = 3;
    const READ_FROM: u16 = 1;

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
        let Some(market_key) = exchange.venue.key(self.market) else { return };
        exchange.lot_ends.insert((self.window.end().start(), self.lot));
        exchange.venue.add_lot(Lot {
            supply: Supply::Lot(self.lot),
            id: self.lot,
            seller: self.organization,
            provider: self.organization,
            market: self.market,
            market_key,
            gpus: self.gpus,
            window: self.window,
            fabric: self.fabric.clone(),
            min_remnant_hours: self.min_remnant_hours,
            delivery: self.delivery,
            residual: Timeline::flat(self.window, self.gpus),
            sold_spot: Timeline::flat(self.window, 0),
            withdrawn: None,
        });
    }
}
