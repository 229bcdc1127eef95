//! Parked items: what fell due and could not be carried out, set aside so that everything else goes on, until an
//! operator resumes it.
//!
//! A contract is parked whole: while it cannot be charged, nothing of it is delivered, and the other way round.

use ledger::{ClientId, Day, Instant};
use serde::Serialize;

use super::work::Unfinished;
use super::{DueResumed, Event, Exchange, ParkedDue, Refusal, Unreconciled};

/// Record of a parked item.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Parked {
    /// Instant since which it is parked.
    pub since: Instant,
    /// Id of the invariant that it would break.
    pub invariant: String,
    /// Work that is still to be done; `None` unless unfinished work is parked.
    pub(super) work: Option<Unfinished>,
}

impl Exchange {
    /// Iterates over the parked items, in a fixed order.
    pub fn parked(&self) -> impl Iterator<Item = (ParkedDue, &Parked)> {
        self.parked.iter().map(|(due, parked)| (*due, parked))
    }

    /// Iterates over the parked items that were due up to the end of a day, and so are not in the books.
    pub(super) fn unposted(&self, end: Day) -> impl Iterator<Item = Unreconciled> {
        let hour = |due: &ParkedDue| match *due {
            ParkedDue::Contract { contract } => self.contract(contract).map(crate::contract::Contract::next_hour),
            ParkedDue::SpotHour { hour, .. } => Some(hour),
            _ => None,
        };
        let unposted = self.parked.keys().filter(move |due| hour(due).is_some_and(|hour| hour.day() <= end));
        unposted.map(|due| Unreconciled::Parked { due: *due })
    }

    /// Decides that a parked item falls due again.
    pub(super) fn resume_due(&self, due: ParkedDue, by: ClientId, out: &mut Vec<Event>) -> Result<(), Refusal> {
        if !self.parked.contains_key(&due) {
            return Err(Refusal::NotParked);
        }
        out.push(DueResumed { due, by }.into());
        Ok(())
    }
}
