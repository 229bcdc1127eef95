//! State of the books: closed months and proposed journals.

use std::collections::BTreeMap;
use std::fmt;

use ledger::{Amount, BankAccountId, ClientId, Currency, Day, Instant, JournalId, Label, Month};
use serde::Serialize;

use super::{BankLineId, JournalProposed, ParkedDue};

/// Closed month.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct ClosedPeriod {
    /// Month that is closed: no entry is dated in it any more.
    pub period: Month,
    /// Instant of the closing.
    pub at: Instant,
    /// Client that closed it.
    pub by: ClientId,
    /// Sequence of the event that closed it.
    pub sequence: u64,
}

/// Manual journal: proposed lines, and what became of them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Journal {
    /// Proposal as it was entered.
    pub proposed: JournalProposed,
    /// State of the proposal.
    pub status: JournalStatus,
}

/// State of a proposed journal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub enum JournalStatus {
    /// Waits for approval.
    Proposed,
    /// Approved; its lines are in the books.
    Approved {
        /// Client that approved it.
        by: ClientId,
        /// Day on which the books date it.
        day: Day,
        /// Sequence of the event that its entry records.
        sequence: u64,
    },
    /// Rejected, or taken back; its lines never reach the books.
    Rejected {
        /// Client that rejected it.
        by: ClientId,
        /// Reason given.
        reason: Label,
    },
}

/// Periods of the books and proposed journals. Periods are calendar months, from that of the first entry.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Accounting {
    pub(super) first: Option<Month>,
    /// Closed months, in order and without gaps.
    pub closed: Vec<ClosedPeriod>,
    /// Journals by id.
    pub journals: BTreeMap<JournalId, Journal>,
}

impl Accounting {
    /// Returns the earliest open month; `None` before the first entry.
    pub fn open_period(&self) -> Option<Month> {
        self.closed.last().map(|last| last.period.next()).or(self.first)
    }

    /// Returns the first day on which an entry can be dated; `None` before the first entry.
    pub fn first_open_day(&self) -> Option<Day> {
        self.open_period().map(Month::first_day)
    }

    /// Returns the posting date for `day`: itself, or the first day after the last closed month. May precede the first
    /// entry.
    pub(super) fn dated_back(&self, day: Day) -> Day {
        self.closed.last().map_or(day, |last| day.max(last.period.next().first_day()))
    }

    /// Returns the posting date for `day`: itself, or the first day of the earliest open month.
    pub(super) fn dated(&self, day: Day) -> Day {
        self.first_open_day().map_or(day, |first| day.max(first))
    }
}

/// Reason why a month cannot be closed yet: the books and the bank's statements do not agree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unreconciled {
    /// Booking that is not explained, or not all of it.
    Line {
        /// Account that the booking is on.
        account: BankAccountId,
        /// Statement and line of the booking.
        line: BankLineId,
        /// Part that is not explained: positive is money received, negative money paid.
        amount: Amount,
    },
    /// Account whose statements do not reach the month's end.
    Statement {
        /// Account without the statement.
        account: BankAccountId,
        /// Last day that its statements cover; `None` when it has no statement.
        until: Option<Day>,
    },
    /// Item due up to the month's end that is parked and therefore not posted.
    Parked {
        /// Item that is parked.
        due: ParkedDue,
    },
    /// Deposits credited by hand whose bookings are not known.
    Deposits {
        /// Currency of the deposits.
        currency: Currency,
        /// Sum of the deposits.
        amount: Amount,
    },
}

impl fmt::Display for Unreconciled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { account, line, amount } => {
                write!(
                    f,
                    "{amount} of line {} of statement {} of {account} is not explained",
                    line.line, line.statement
                )
            }
            Self::Statement { account, until: None } => write!(f, "{account} has no statement"),
            Self::Statement { account, until: Some(until) } => {
                write!(f, "the statements of {account} end with {until}")
            }
            Self::Parked { due } => write!(f, "{due} is set aside and not posted"),
            Self::Deposits { currency, amount } => {
                write!(f, "deposits of {amount} {currency} were recorded by hand and are on no statement")
            }
        }
    }
}
