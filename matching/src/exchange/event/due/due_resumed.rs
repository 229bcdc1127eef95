use ledger::ClientId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, ParkedDue, Parties};
use crate::hours::Hour;

/// An operator made a parked item fall due again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DueResumed {
    /// Item that falls due again, at once where its time has passed.
    pub due: ParkedDue,
    /// Client of the operator that entered it.
    pub by: ClientId,
}

impl EventType for DueResumed {
    const NAME: &'static str = "due_resumed";
    const VERSION: u16 = 1;
    const IS_ENTERED: bool = true;

    fn key(&self) -> EventKey {
        EventKey::Ledger
    }

    fn subject(&self) -> Option<Uuid> {
        self.due.subject()
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
        let Some(parked) = exchange.parked.remove(&self.due) else { return };
        match self.due {
            ParkedDue::Contract { contract } => {
                let Some(key) = exchange.contract_keys.get(&contract).copied() else { return };
                let parked = &exchange.contracts[key as usize];
                exchange.charges.extend(parked.next_charge.map(|at| (at, contract)));
                if let Some(market) = exchange.venue.key(parked.market) {
                    exchange.deliveries.set(key, (parked.next_hour(), market));
                }
            }
            ParkedDue::SpotHour { market, hour } => {
                let Some(key) = exchange.venue.key(market) else { return };
                if exchange.venue.at(key).spot.hours.get(&hour).is_some_and(|hour| !hour.sales.is_empty()) {
                    exchange.spot_deliveries.insert((hour, key));
                }
            }
            ParkedDue::Expiry { order } => exchange.move_expiry(order),
            ParkedDue::LotEnd { lot } => {
                if let Some(end) = exchange.venue.lot(lot).map(|lot| lot.window.end()) {
                    exchange.lot_ends.insert((Hour::start(end), lot));
                }
            }
            ParkedDue::BoxRun { box_id } => {
                exchange.box_runs.extend(exchange.boxes.next_run(box_id).map(|at| (at, box_id)));
            }
            ParkedDue::Auction { market } => {
                let Some(key) = exchange.venue.key(market) else { return };
                let market = exchange.venue.at(key);
                if let Some(hour) = market.spot.next_hour {
                    exchange.gates.insert((market.spec.gate(hour), key));
                }
            }
            ParkedDue::Work { begun } => exchange.unfinished.extend(parked.work.map(|work| (begun, work))),
        }
    }
}
