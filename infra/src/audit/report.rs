//! What an audit found.

use std::fmt;

use serde::Serialize;

/// One question that an audit answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The log has no gaps, can be read, and ends at its head.
    Log,
    /// The stored entries are those that the events lead to.
    Entries,
    /// The entries are chained by hashes of their content.
    Chain,
    /// The stored balances are the sums of the lines that the events lead to.
    Balances,
    /// What is held is what open orders need.
    Holds,
    /// What contracts earned, gave back and have left is what they were sold for.
    Contracts,
    /// No hour of a lot is sold twice.
    Lots,
    /// What the exchange owes boxes is what they have to get, and what they owe and keep is in their books.
    Boxes,
    /// The bank covers what customers are owed.
    ClientMoney,
    /// The months that are closed are those that the log has closed.
    Periods,
    /// The tables that are read over HTTP say what the log says.
    ReadModels,
    /// The topic carries every event once, in order, with the chain's heads.
    Topic,
}

impl Check {
    /// Every check, in the order of a report.
    pub const ALL: [Self; 12] = [
        Self::Log,
        Self::Entries,
        Self::Chain,
        Self::Balances,
        Self::Holds,
        Self::Contracts,
        Self::Lots,
        Self::Boxes,
        Self::ClientMoney,
        Self::Periods,
        Self::ReadModels,
        Self::Topic,
    ];

    /// Its name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Entries => "entries",
            Self::Chain => "chain",
            Self::Balances => "balances",
            Self::Holds => "holds",
            Self::Contracts => "contracts",
            Self::Lots => "lots",
            Self::Boxes => "boxes",
            Self::ClientMoney => "client money",
            Self::Periods => "periods",
            Self::ReadModels => "read models",
            Self::Topic => "topic",
        }
    }

    /// What it counts.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Log => "events",
            Self::Entries | Self::Chain => "entries",
            Self::Balances | Self::Holds => "accounts",
            Self::Contracts => "contracts",
            Self::Lots => "sales and lots",
            Self::Boxes => "boxes",
            Self::ClientMoney => "currencies",
            Self::Periods => "months",
            Self::ReadModels => "rows",
            Self::Topic => "records",
        }
    }

    /// What to do about a difference.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Log => {
                "The log was changed, or is of a later release. Stop trading; compare with the topic and with a backup, and restore \
                 the log from the one that still agrees with the chain's heads on the topic."
            }
            Self::Entries => {
                "The books were changed past their triggers. Stop trading; the log says what the entry was: restore the books from a \
                 backup taken before the change, and find out who had the owner's login."
            }
            Self::Chain => {
                "An entry was changed, removed or added after it was written. Everything after the first break is in doubt: compare \
                 with a backup and with the heads on the topic."
            }
            Self::Balances => {
                "Correct a changed balance to the sum of its lines as the owner of the schema, after `entries` and `chain` are sound; \
                 until then, orders may have been refused or admitted on a wrong balance."
            }
            Self::Holds => {
                "Held money and open orders are apart, by a defect or a changed event. Suspend the organization, and report it with \
                 the log."
            }
            Self::Contracts => {
                "A contract's money and its hours are apart, by a defect or a changed event. Do not pay its seller out before it is \
                 explained."
            }
            Self::Lots => {
                "An hour was sold that was not there, or is not sold although it could be. Halt the market, and report it with the \
                 log."
            }
            Self::Boxes => {
                "A box's books are apart from the operator's or from its state, by a defect or a changed event. Start none of its waterfall \
                 runs before it is explained."
            }
            Self::ClientMoney => {
                "The books do not add up in this currency. Pay nothing out in it before the other differences are explained."
            }
            Self::Periods => {
                "A month was closed or opened past the log. Put `closed_periods` right as the owner of the schema, and look for entries \
                 that were dated in it meanwhile."
            }
            Self::ReadModels => {
                "These tables can be computed again: stop the exchange, empty them and set projection_position to 0, and start it."
            }
            Self::Topic => {
                "If only the topic is wrong, publish to a new one by another kafka_topic. If content or chain heads differ, database \
                 and topic tell different histories: stop trading, and compare both with a backup."
            }
        }
    }
}

/// A difference between what was computed and what was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// Where it is.
    pub place: String,
    /// What the log says.
    pub expected: String,
    /// What there is.
    pub found: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.place, self.expected, self.found)
    }
}

/// The answer of one check.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Outcome {
    /// Which.
    pub check: Check,
    /// How many things were compared.
    pub compared: u64,
    /// How many differences there were.
    pub differences: u64,
    /// The first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Finding>,
    /// Why it was not carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_checked: Option<String>,
    /// What else a reader should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Outcome {
    /// One that has not begun.
    pub(super) const fn of(check: Check) -> Self {
        Self { check, compared: 0, differences: 0, first: None, not_checked: None, note: None }
    }

    /// One that is not carried out.
    pub(super) fn not_checked(check: Check, why: String) -> Self {
        Self { not_checked: Some(why), ..Self::of(check) }
    }

    /// Counts a difference, and keeps the first.
    pub(super) fn differ(&mut self, finding: impl FnOnce() -> Finding) {
        self.differences += 1;
        if self.first.is_none() {
            self.first = Some(finding());
        }
    }

    /// Compares two values of the same thing.
    #[expect(clippy::needless_pass_by_value, reason = "most are made for the comparison")]
    pub(super) fn compare<T: PartialEq + fmt::Display>(
        &mut self,
        place: impl FnOnce() -> String,
        expected: T,
        found: T,
    ) {
        if expected != found {
            self.differ(|| Finding { place: place(), expected: expected.to_string(), found: found.to_string() });
        }
    }
}

/// Everything that an audit found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    /// The last event of the log as it was audited.
    pub head: u64,
    /// Whether no check found a difference.
    pub sound: bool,
    /// The answers, in the order of [`Check::ALL`].
    pub checks: Vec<Outcome>,
}

impl Report {
    pub(super) fn new(head: u64, mut checks: Vec<Outcome>) -> Self {
        checks.sort_by_key(|outcome| outcome.check);
        Self { head, sound: checks.iter().all(|outcome| outcome.differences == 0), checks }
    }

    /// The answer of one check.
    pub fn outcome(&self, check: Check) -> Option<&Outcome> {
        self.checks.iter().find(|outcome| outcome.check == check)
    }
}
