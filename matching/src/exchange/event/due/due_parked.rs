use ledger::Invariant;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parked, ParkedDue, Parties};

/// An item that fell due was parked, because carrying it out would break an invariant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DueParked {
    /// Item that is parked until an operator resumes it.
    pub due: ParkedDue,
    /// Id of the invariant that carrying it out would break, such as `line_in_range`. As text: a log outlives the list
    /// of invariants.
    pub invariant: String,
}

impl DueParked {
    /// Makes the event that parks `due` because of an invariant.
    pub(in crate::exchange) fn new(due: ParkedDue, invariant: Invariant) -> Self {
        Self { due, invariant: invariant.id().to_owned() }
    }
}

impl EventType for DueParked {
    const NAME: &'static str = "due_parked";
    const VERSION: u16 = 1;

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

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        match self.due {
            ParkedDue::Contract { contract } => {
                if let Some(key) = exchange.contract_keys.get(&contract).copied() {
                    exchange.deliveries.strike(key);
                    if let Some(at) = exchange.contracts[key as usize].next_charge {
                        exchange.charges.remove(&(at, contract));
                    }
                }
            }
            ParkedDue::SpotHour { market, hour } => {
                if let Some(key) = exchange.venue.key(market) {
                    exchange.spot_deliveries.remove(&(hour, key));
                }
            }
            ParkedDue::Expiry { order } => {
                if let Some(key) = exchange.venue.order_key(order) {
                    exchange.expiries.strike(key);
                }
            }
            ParkedDue::LotEnd { lot } => exchange.lot_ends.retain(|(_, ending)| *ending != lot),
            ParkedDue::BoxRun { box_id } => exchange.box_runs.retain(|(_, running)| *running != box_id),
            ParkedDue::Auction { market } => {
                if let Some(key) = exchange.venue.key(market) {
                    exchange.gates.retain(|(_, gate)| *gate != key);
                }
            }
            ParkedDue::Work { .. } => {}
        }
        let work = match self.due {
            ParkedDue::Work { begun } => exchange.unfinished.remove(&begun),
            _ => None,
        };
        let parked = Parked { since: exchange.now, invariant: self.invariant.clone(), work };
        exchange.parked.insert(self.due, parked);
    }
}
