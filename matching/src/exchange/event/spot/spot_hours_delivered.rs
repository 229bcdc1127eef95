use ledger::{Currency, Fact};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::spot::{OwnSales, spot_deliveries};
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};
use crate::hours::Hour;
use crate::market::MarketId;
use crate::venue::SpotSale;

/// Spot sales of an hour were delivered, by record. An hour with many sales has several of these.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotHoursDelivered {
    /// Market in which they were sold.
    pub market: MarketId,
    /// Hour that was delivered.
    pub hour: Hour,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Sales that were delivered.
    pub sales: Vec<SpotSale>,
}

impl EventType for SpotHoursDelivered {
    const NAME: &'static str = "spot_hours_delivered";
    const VERSION: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::Market(self.market)
    }

    fn subject(&self) -> Option<Uuid> {
        None
    }

    fn parties(&self) -> Parties {
        Parties::of_sales(&self.sales)
    }

    fn part_for(&self, reader: Reader<'_>) -> Part {
        Part::of(&OwnSales::of(self.market, self.hour, self.currency, &self.sales, reader.organization))
    }

    fn facts(&self, facts: &mut Facts<'_>) {
        facts.state(&Fact::SpotDelivered { sales: &spot_deliveries(&self.sales) }, self.currency, self.hour.day());
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        let Some(key) = exchange.venue.key(self.market) else { return };
        let hours = &mut exchange.venue.at_mut(key).spot.hours;
        if let Some(hour) = hours.get_mut(&self.hour) {
            hour.sales.drain(..self.sales.len().min(hour.sales.len()));
            if hour.sales.is_empty() {
                hours.remove(&self.hour);
                exchange.spot_deliveries.remove(&(self.hour, key));
            }
        }
        exchange.schedule_gate(key);
    }
}
