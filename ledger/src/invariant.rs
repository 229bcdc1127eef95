//! Invariants by id, and what happens where one does not hold.
//!
//! An invariant is checked where the state changes, in every build. One that does not hold ends the decision under way:
//! the stack is unwound to [`checked`], whose caller drops whatever the decision had touched and carries on without it.
//! So a defect costs the command that met it, and neither the books nor anybody else.
//!
//! The ids are shared: tests name them, the audit reports under them, and a running exchange counts them.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

macro_rules! invariants {
    ($($(#[doc = $statement:literal])+ $variant:ident = $id:literal;)*) => {
        /// Condition that holds at all times. The variant's documentation states it.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Invariant {
            $($(#[doc = $statement])+ $variant,)*
        }

        impl Invariant {
            /// Every invariant.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the stable id under which it is counted and reported.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// Returns what holds, as a sentence.
            pub const fn statement(self) -> &'static str {
                match self { $(Self::$variant => concat!($($statement),+).trim_ascii(),)* }
            }
        }
    };
}

invariants! {
    /// The lines of an entry are two or more, none is zero, and they add up to zero in each currency.
    EntryBalanced = "entry_balanced";
    /// No line is larger than a line may be.
    LineInRange = "line_in_range";
    /// No balance is larger than a balance may be.
    BalanceInRange = "balance_in_range";
    /// A guarded account never goes negative, holds included.
    GuardedNotNegative = "guarded_not_negative";
    /// No hour is sold beyond the GPUs that a lot, or an ask on it, has left.
    HourSoldOnce = "hour_sold_once";
    /// A lot never has more free than it was listed with.
    HourReturnedOnce = "hour_returned_once";
    /// A window is at least one hour and at most as long as windows may be.
    WindowInRange = "window_in_range";
    /// An order is never filled beyond what it asked for.
    OrderNotOverfilled = "order_not_overfilled";
    /// An auction's orders come ranked by price.
    AuctionRanked = "auction_ranked";
    /// A split leaves room for its arithmetic.
    SplitInRange = "split_in_range";
    /// A lot ends only when no order rests on it.
    LotEndsEmpty = "lot_ends_empty";
    /// Events follow one another without a gap.
    LogContinuous = "log_continuous";
    /// An event can be written in the form of the log.
    EventEncodes = "event_encodes";
    /// An event is no larger than a record of the topic may be.
    EventInSize = "event_in_size";
    /// What falls due leads to an event.
    DueLeadsToEvent = "due_leads_to_event";
    /// A number fits into the form in which it is kept.
    NumberFits = "number_fits";
    /// The database accepts what was decided.
    DatabaseAccepts = "database_accepts";
    /// A decision runs to its end.
    DecisionEnds = "decision_ends";
}

impl Invariant {
    /// Finds the invariant with this id; `None` when there is none.
    pub fn find(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|invariant| invariant.id() == id)
    }

    /// Ends the decision under way because this invariant does not hold. `detail` tells an operator what was met
    /// instead.
    ///
    /// # Panics
    /// Always: the unwinding ends at [`checked`].
    #[cold]
    pub fn violated(self, detail: fmt::Arguments<'_>) -> ! {
        // Not a panic of its own: no hook prints it, since whoever catches it reports it.
        resume_unwind(Box::new(Violation { invariant: self, detail: detail.to_string() }))
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Invariant that did not hold, and what was met instead.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the invariant {invariant} does not hold: {detail}")]
pub struct Violation {
    /// Invariant that did not hold.
    pub invariant: Invariant,
    /// What was met instead, for an operator.
    pub detail: String,
}

impl Violation {
    fn of(payload: Box<dyn Any + Send>) -> Self {
        let payload = match payload.downcast::<Self>() {
            Ok(violation) => return *violation,
            Err(other) => other,
        };
        let said = payload.downcast_ref::<&str>().map(ToString::to_string);
        let said = said.or_else(|| payload.downcast_ref::<String>().cloned());
        Self { invariant: Invariant::DecisionEnds, detail: said.unwrap_or_else(|| "a panic without a message".into()) }
    }
}

/// Runs a decision that may meet a violation or panic, and catches either.
///
/// # Errors
/// The [`Violation`] that ended it; a panic is one of [`Invariant::DecisionEnds`]. The state that the decision could
/// change must then not be used any more.
pub fn checked<T>(decision: impl FnOnce() -> T) -> Result<T, Violation> {
    // The caller drops what the decision touched, so nothing half changed is seen.
    catch_unwind(AssertUnwindSafe(decision)).map_err(Violation::of)
}

/// Converts a number to another type. One that does not fit violates [`Invariant::NumberFits`].
pub fn exact<T, U>(number: T) -> U
where
    T: Copy + fmt::Display,
    U: TryFrom<T>,
{
    match U::try_from(number) {
        Ok(number) => number,
        Err(_) => Invariant::NumberFits.violated(format_args!("{number} as {}", std::any::type_name::<U>())),
    }
}

/// Checks in every build that an invariant holds: `invariant!(condition, Invariant, "what was met instead: {}", it)`.
#[macro_export]
macro_rules! invariant {
    ($condition:expr, $invariant:ident, $($detail:tt)+) => {
        if !$condition {
            $crate::Invariant::$invariant.violated(format_args!($($detail)+));
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_statements_are_sentences() {
        for invariant in Invariant::ALL {
            assert_eq!(Invariant::find(invariant.id()), Some(*invariant));
            assert!(invariant.statement().ends_with('.'), "{invariant}");
        }
    }

    #[test]
    fn a_violation_ends_the_decision_with_its_id() {
        let decide = |free: u32| {
            checked(|| {
                invariant!(free >= 8, HourSoldOnce, "{free} GPUs are free");
                free - 8
            })
        };
        assert_eq!(decide(16), Ok(8));
        let violation = decide(4).expect_err("too few");
        assert_eq!(violation.invariant, Invariant::HourSoldOnce);
        assert_eq!(violation.to_string(), "the invariant hour_sold_once does not hold: 4 GPUs are free");
    }

    #[test]
    fn numbers_that_do_not_fit_and_panics_are_violations_too() {
        assert_eq!(checked(|| exact::<u64, u32>(7)), Ok(7));
        let violation = checked(|| exact::<u64, u32>(1 << 32)).expect_err("too large");
        assert_eq!(violation.invariant, Invariant::NumberFits);
        let index = std::hint::black_box(3);
        let violation = checked(|| [1, 2, 3][index]).expect_err("out of bounds");
        assert_eq!(violation.invariant, Invariant::DecisionEnds);
        assert!(violation.detail.contains("out of bounds"), "{violation}");
    }
}
