//! Report of an audit.

use std::fmt;

use serde::Serialize;

/// Question that an audit answers.
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
    /// Holds equal what open orders and spot sales need.
    Holds,
    /// Contracts earned, gave back and have left what they were sold for.
    Contracts,
    /// No hour of a lot is sold twice.
    Lots,
    /// Boxes agree: both sides' books of what the exchange owes them, and their debts and reserves with the state.
    Boxes,
    /// The bank covers what customers are owed.
    ClientMoney,
    /// The months that are closed are those that the log has closed.
    Periods,
    /// The tables that are read over HTTP agree with the log.
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

    /// Returns the name for people.
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

    /// Returns the plural of what it counts.
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

    /// Returns what to do about a difference.
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
                "These tables can be computed again: stop the exchange, empty them and set both columns of projection_position to 0, and start it."
            }
            Self::Topic => {
                "If only the topic is wrong, publish to a new one by another kafka_topic. If content or chain heads differ, database \
                 and topic tell different histories: stop trading, and compare both with a backup."
            }
        }
    }
}

/// Difference between what was computed and what was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// Row, entry or record that differs.
    pub place: String,
    /// Value that follows from the log.
    pub expected: String,
    /// Value that was found.
    pub found: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.place, self.expected, self.found)
    }
}

/// Answer of one check.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Outcome {
    /// Check that was made.
    pub check: Check,
    /// Number of values compared.
    pub compared: u64,
    /// Number of differences.
    pub differences: u64,
    /// First difference; `None` when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Finding>,
    /// Reason why it was not carried out; `None` when it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_checked: Option<String>,
    /// Remark for the reader; `None` when there is nothing to add.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Outcome {
    /// Makes the answer of a check that has not begun.
    pub(super) const fn of(check: Check) -> Self {
        Self { check, compared: 0, differences: 0, first: None, not_checked: None, note: None }
    }

    /// Makes the answer of a check that is not carried out.
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

    /// Compares two values, and counts a difference.
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

/// Result of an audit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    /// Sequence of the last event of the log as it was audited.
    pub head: u64,
    /// Whether no check found a difference. A check that was not carried out found none.
    pub sound: bool,
    /// Answers in the order of [`Check::ALL`].
    pub checks: Vec<Outcome>,
}

impl Report {
    pub(super) fn new(head: u64, mut checks: Vec<Outcome>) -> Self {
        checks.sort_by_key(|outcome| outcome.check);
        Self { head, sound: checks.iter().all(|outcome| outcome.differences == 0), checks }
    }

    /// Finds the answer of one check.
    pub fn outcome(&self, check: Check) -> Option<&Outcome> {
        self.checks.iter().find(|outcome| outcome.check == check)
    }
}
