//! Application of closed months and journals.

use ledger::{Day, Instant};

use crate::exchange::accounting::{Accounting, ClosedPeriod, Journal, JournalStatus};
use crate::exchange::{JournalApproved, JournalProposed, JournalRejected, PeriodClosed};

impl Accounting {
    /// Begins the books with the month of the earliest entry. A box older than they are moves the beginning back while
    /// no month is closed.
    pub(in crate::exchange) fn begin(&mut self, day: Day) {
        let month = day.month();
        if self.first.is_none_or(|first| month < first && self.closed.is_empty()) {
            self.first = Some(month);
        }
    }

    pub(in crate::exchange) fn close(&mut self, e: &PeriodClosed, at: Instant, sequence: u64) {
        self.closed.push(ClosedPeriod { period: e.period, at, by: e.by, sequence });
    }

    pub(in crate::exchange) fn propose(&mut self, e: &JournalProposed) {
        self.journals.insert(e.journal, Journal { proposed: e.clone(), status: JournalStatus::Proposed });
    }

    pub(in crate::exchange) fn approve(&mut self, e: &JournalApproved, sequence: u64) {
        if let Some(journal) = self.journals.get_mut(&e.proposed.journal) {
            journal.status = JournalStatus::Approved { by: e.by, day: e.day, sequence };
        }
    }

    pub(in crate::exchange) fn reject(&mut self, e: &JournalRejected) {
        if let Some(journal) = self.journals.get_mut(&e.journal) {
            journal.status = JournalStatus::Rejected { by: e.by, reason: e.reason.clone() };
        }
    }
}
