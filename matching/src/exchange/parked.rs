//! What fell due and could not be carried out: set aside, so that everything else goes on, until an operator lets it fall due again.
//!
//! A contract is set aside whole: of one that cannot be charged nothing is delivered, and the other way round.

use ledger::{ClientId, Day, Instant};
use serde::Serialize;

use super::work::Unfinished;
use super::{DueResumed, Event, Exchange, ParkedDue, Refusal, Unreconciled};

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
}
