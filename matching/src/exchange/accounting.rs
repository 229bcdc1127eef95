//! The books' own state: which months are closed, and what people have proposed.

use std::collections::BTreeMap;
use std::fmt;

use ledger::{Amount, BankAccountId, ClientId, Currency, Day, Instant, JournalId, Label, Month};
use serde::Serialize;

use super::{BankLineId, JournalProposed, ParkedDue};

/// A month that is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct ClosedPeriod {
    /// The month.
    pub period: Month,
    /// When it was closed.
    pub at: Instant,
    /// Who closed it.
    pub by: ClientId,
    /// The event.
    pub sequence: u64,
}

/// Lines that somebody proposed, and what became of them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Journal {
    /// What was proposed.
    pub proposed: JournalProposed,
    /// What became of it.
    pub status: JournalStatus,
}

/// What became of proposed lines.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub enum JournalStatus {
    /// Nothing so far.
    Proposed,
    /// They are in the books.
    Approved {
        /// Who approved them.
        by: ClientId,
        /// The day they are dated.
        day: Day,
        /// The event that their entry names.
        sequence: u64,
    },
    /// They will not be in the books.
    Rejected {
        /// Who said so.
        by: ClientId,
        /// Why.
        reason: Label,
    },
}

/// The periods of the books, and what people proposed for them. Periods are calendar months, from that of the first entry.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Accounting {
    pub(super) first: Option<Month>,
    /// The months that are closed, in order and without gaps.
    pub closed: Vec<ClosedPeriod>,
    /// What was proposed, by id.
    pub journals: BTreeMap<JournalId, Journal>,
}

impl Accounting {
    /// The earliest month that is open; none before the first entry.
    pub fn open_period(&self) -> Option<Month> {
        self.closed.last().map(|last| last.period.next()).or(self.first)
    }

    /// The first day on which something can be dated.
    pub fn first_open_day(&self) -> Option<Day> {
        self.open_period().map(Month::first_day)
    }

    /// The day on which the books have what happened on `day`, be it before their first entry so far: that day, or the first behind the
    /// months that are closed.
    pub(super) fn dated_back(&self, day: Day) -> Day {
        self.closed.last().map_or(day, |last| day.max(last.period.next().first_day()))
    }

    /// The day on which the books have what happened on `day`: that day, or the first that is open.
    pub(super) fn dated(&self, day: Day) -> Day {
        self.first_open_day().map_or(day, |first| day.max(first))
    }
}

/// Why a month cannot be closed yet: the books have something that the bank has not, or the other way round.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unreconciled {
    /// A booking is not explained.
    Line {
        /// The account.
        account: BankAccountId,
        /// The booking.
        line: BankLineId,
        /// How much of it.
        amount: Amount,
    },
    /// No statement reaches the month's end.
    Statement {
        /// The account.
        account: BankAccountId,
        /// The last day that they have; none where there are none.
        until: Option<Day>,
    },
    /// Something up to the month's end was set aside and is not posted.
    Parked {
        /// What.
        due: ParkedDue,
    },
    /// Deposits were credited by hand, and their bookings are not known.
    Deposits {
        /// In what currency.
        currency: Currency,
        /// How much.
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
