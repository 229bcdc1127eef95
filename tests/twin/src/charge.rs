//! Periods and their charges. Nobody runs out of funds here, so that a charge is paid the first time that it is tried.

use ledger::ContractId;
use matching::{Billing, Hour};

use crate::arrival::window;
use crate::book::MICROS_PER_HOUR;
use crate::{Told, Twin};

/// Where the period that begins at `from` ends, of a contract over `start..end`: found hour by hour.
pub fn period_end(billing: Billing, start: u32, end: u32, from: u32) -> u32 {
    let month = |hour: u32| Hour::from_hours(hour).day().month();
    let begins = |hour: &u32| match billing {
        _ if end - start <= 720 => false,
        Billing::Hours720 => (hour - start).is_multiple_of(720),
        Billing::CalendarMonth => month(*hour) != month(hour - 1),
    };
    (from + 1..end).find(begins).unwrap_or(end)
}

impl Twin {
    /// A charge is tried a week before the period, or at once.
    pub(crate) fn schedule_charge(&mut self, id: ContractId) {
        let now = self.now;
        let Some(contract) = self.contracts.iter_mut().find(|contract| contract.id == id) else { return };
        let ahead = (i64::from(contract.paid) - 7 * 24) * MICROS_PER_HOUR;
        contract.next_charge = (contract.paid < contract.end).then(|| ahead.max(now));
    }

    pub(crate) fn charge(&mut self, id: ContractId) {
        let Some(contract) = self.contracts.iter_mut().find(|contract| contract.id == id) else { return };
        let from = contract.paid;
        contract.paid = period_end(contract.billing, contract.start, contract.end, from);
        let period = window(from, contract.paid);
        self.tell(Told::Charged { contract: id, period });
        self.schedule_charge(id);
    }
}
