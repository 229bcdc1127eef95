use ledger::{Currency, Fact};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::spot::{OwnSales, spot_deliveries};
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties, SpotHold};
use crate::hours::Hour;
use crate::keys::LotKey;
use crate::market::MarketId;
use crate::venue::SpotSale;

/// GPUs were sold for an hour, in its auction or after it. An auction with many sales has several of these.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpotHoursSold {
    /// Market in which they were sold.
    pub market: MarketId,
    /// Hour that was sold.
    pub hour: Hour,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Sales; each is paid out of what its bid has set aside.
    pub sales: Vec<SpotSale>,
    /// Amounts that the bids set aside anew, so that each holds its next hour.
    pub holds: Vec<SpotHold>,
}

impl EventType for SpotHoursSold {
    const NAME: &'static str = "spot_hours_sold";
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
        let holds = self.holds.iter().filter(|hold| hold.organization == reader.organization).cloned().collect();
        Part::of(&OwnSales {
            holds,
            ..OwnSales::of(self.market, self.hour, self.currency, &self.sales, reader.organization)
        })
    }

    fn facts(&self, facts: &mut Facts<'_>) {
        facts.state(&Fact::SpotSold { sales: &spot_deliveries(&self.sales) }, self.currency, facts.today);
        let holds: Vec<_> = self.holds.iter().map(|hold| (hold.organization, hold.amount)).collect();
        if !holds.is_empty() {
            facts.state(&Fact::SpotHeld { holds: &holds }, self.currency, facts.today);
        }
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        let Some(key) = exchange.venue.key(self.market) else { return };
        // Takes each lot once: an auction takes many asks of a lot in turn.
        let of_lots = self.sales.iter().filter_map(|sale| Some((exchange.venue.order(sale.ask)?.lot()?, sale.gpus)));
        let mut sold: Vec<(LotKey, u32)> = of_lots.collect();
        sold.sort_unstable_by_key(|(lot, _)| *lot);
        for sales in sold.chunk_by(|(lot, _), (other, _)| lot == other) {
            exchange.venue.sell_hour(sales[0].0, self.hour, sales.iter().map(|(_, gpus)| gpus).sum());
        }
        for sales in self.sales.chunk_by(|sale, other| sale.buyer == other.buyer) {
            let spent = sales.iter().map(|sale| sale.amount + sale.buyer_fee).sum();
            exchange.spend(sales[0].buyer, self.currency, spent);
        }
        let hour = exchange.venue.at_mut(key).spot.hours.entry(self.hour).or_default();
        hour.sales.extend(self.sales.iter().cloned());
        exchange.spot_deliveries.insert((self.hour, key));
        exchange.schedule_gate(key);
    }
}
