//! Counting an organization by rates that the operator set for it alone.

use infra::journal::JournalError;
use infra::own_rates::StoredRates;

use super::quota::Single;
use crate::operations::Budget;
use crate::problem::Problem;

/// Counts an organization by its own rates.
pub struct OwnRates([Option<Single>; 5]);

impl OwnRates {
    pub(super) fn new(rates: &StoredRates) -> Self {
        let StoredRates { instructions, cancels, reads, computing, tokens } = *rates;
        // In the order of `Budget`.
        Self([instructions, cancels, reads, computing, tokens].map(|rate| rate.map(Single::new)))
    }

    pub(super) fn of(&self, budget: Budget) -> Option<&Single> {
        self.0.get(budget as usize)?.as_ref()
    }
}

/// Own rates cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum OwnRatesError {
    /// The database cannot be used, or holds what are no rates.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The server is being stopped.
    #[error("setting the rates was interrupted")]
    Interrupted,
}

impl From<OwnRatesError> for Problem {
    fn from(error: OwnRatesError) -> Self {
        match error {
            OwnRatesError::Journal(error) => error.into(),
            OwnRatesError::Interrupted => Self::internal(&error),
        }
    }
}
