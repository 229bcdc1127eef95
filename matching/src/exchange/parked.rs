//! What fell due and could not be carried out: set aside, so that everything else goes on, until an operator lets it fall due again.
//!
//! A contract is set aside whole: of one that cannot be charged nothing is delivered, and the other way round.

use ledger::{ClientId, Day, Instant};
use serde::Serialize;

use super::work::Unfinished;
use super::{DueParked, DueResumed, Event, Exchange, ParkedDue, Refusal, Unreconciled};
use crate::hours::Hour;

/// Why and since when something is set aside.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Parked {
    /// Since when.
    pub since: Instant,
    /// The id of the invariant that it would break.
    pub invariant: String,
    /// Of unfinished work: what is still to be done.
    pub(super) work: Option<Unfinished>,
}

impl Exchange {
    /// What is set aside, in a fixed order.
    pub fn parked(&self) -> impl Iterator<Item = (ParkedDue, &Parked)> {
        self.parked.iter().map(|(due, parked)| (*due, parked))
    }

    /// What is set aside of what was due up to the end of a day, and so is not in the books.
    pub(super) fn unposted(&self, end: Day) -> impl Iterator<Item = Unreconciled> {
        let hour = |due: &ParkedDue| match *due {
            ParkedDue::Contract { contract } => self.contract(contract).map(crate::contract::Contract::next_hour),
            ParkedDue::SpotHour { hour, .. } => Some(hour),
            _ => None,
        };
        let unposted = self.parked.keys().filter(move |due| hour(due).is_some_and(|hour| hour.day() <= end));
        unposted.map(|due| Unreconciled::Parked { due: *due })
    }

    /// Decides that something set aside falls due again.
    pub(super) fn resume_due(&self, due: ParkedDue, by: ClientId, out: &mut Vec<Event>) -> Result<(), Refusal> {
        if !self.parked.contains_key(&due) {
            return Err(Refusal::NotParked);
        }
        out.push(DueResumed { due, by }.into());
        Ok(())
    }

    pub(super) fn apply_parked(&mut self, e: &DueParked) {
        match e.due {
            ParkedDue::Contract { contract } => {
                if let Some(key) = self.contract_keys.get(&contract).copied() {
                    self.deliveries.strike(key);
                    if let Some(at) = self.contracts[key as usize].next_charge {
                        self.charges.remove(&(at, contract));
                    }
                }
            }
            ParkedDue::SpotHour { market, hour } => {
                if let Some(key) = self.venue.key(market) {
                    self.spot_deliveries.remove(&(hour, key));
                }
            }
            ParkedDue::Expiry { order } => {
                if let Some(key) = self.venue.order_key(order) {
                    self.expiries.strike(key);
                }
            }
            ParkedDue::LotEnd { lot } => self.lot_ends.retain(|(_, ending)| *ending != lot),
            ParkedDue::BoxRun { r#box } => self.box_runs.retain(|(_, running)| *running != r#box),
            ParkedDue::Auction { market } => {
                if let Some(key) = self.venue.key(market) {
                    self.gates.retain(|(_, gate)| *gate != key);
                }
            }
            ParkedDue::Work { .. } => {}
        }
        let work = match e.due {
            ParkedDue::Work { begun } => self.unfinished.remove(&begun),
            _ => None,
        };
        let parked = Parked { since: self.now, invariant: e.invariant.clone(), work };
        self.parked.insert(e.due, parked);
    }

    /// Puts what was set aside where it falls due, if it is still there.
    pub(super) fn apply_resumed(&mut self, e: &DueResumed) {
        let Some(parked) = self.parked.remove(&e.due) else { return };
        match e.due {
            ParkedDue::Contract { contract } => {
                let Some(key) = self.contract_keys.get(&contract).copied() else { return };
                let parked = &self.contracts[key as usize];
                self.charges.extend(parked.next_charge.map(|at| (at, contract)));
                if let Some(market) = self.venue.key(parked.market) {
                    self.deliveries.set(key, (parked.next_hour(), market));
                }
            }
            ParkedDue::SpotHour { market, hour } => {
                let Some(key) = self.venue.key(market) else { return };
                if self.venue.at(key).spot.hours.get(&hour).is_some_and(|hour| !hour.sales.is_empty()) {
                    self.spot_deliveries.insert((hour, key));
                }
            }
            ParkedDue::Expiry { order } => self.move_expiry(order),
            ParkedDue::LotEnd { lot } => {
                if let Some(end) = self.venue.lot(lot).map(|lot| lot.window.end()) {
                    self.lot_ends.insert((Hour::start(end), lot));
                }
            }
            ParkedDue::BoxRun { r#box } => self.box_runs.extend(self.boxes.next_run(r#box).map(|at| (at, r#box))),
            ParkedDue::Auction { market } => {
                let Some(key) = self.venue.key(market) else { return };
                let market = self.venue.at(key);
                if let Some(hour) = market.spot.next_hour {
                    self.gates.insert((market.spec.gate(hour), key));
                }
            }
            ParkedDue::Work { begun } => self.unfinished.extend(parked.work.map(|work| (begun, work))),
        }
    }
}
