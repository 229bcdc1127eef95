//! Budgets: how many candidates a search may look at.
//!
//! A budget counts candidates of the rules, not steps of an index: a start and an ask that could sell the bid's minimum
//! by price, length and free hours, in the ranking of the market. So a slow, obvious exchange counts the same, and a
//! rewrite of the books decides the same.

use super::tally::Tally;
use crate::hours::Hour;
use crate::keys::OwnerKey;
use crate::price::Price;

/// Parts of a budget: the candidates of one owner use at most one.
const SHARE_PARTS: u32 = 8;

/// Number of candidates that a search may still look at, with what it has met.
#[derive(Clone, Debug)]
pub struct WorkBudget {
    left: u32,
    /// Largest number of candidates of one owner.
    share: u32,
    looked_at: Tally<OwnerKey, u32>,
    /// First candidate that was not looked at.
    missed: Option<SearchPlace>,
    /// Number of asks that the search visited, candidates or not. Bounds nothing here: it tells how long a search took.
    visited: u64,
}

/// Place of a candidate in a search: its start, then its rank among the asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SearchPlace {
    /// Start of the window.
    pub start: Hour,
    /// Price and priority of the ask; `None` for the first ask of all.
    pub rank: Option<(Price, u64)>,
}

/// Decision of a budget on a candidate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Look {
    /// The candidate is looked at.
    At,
    /// The candidate is passed over: its owner has used its share.
    PassOver,
    /// The search ends before the candidate.
    End,
}

impl WorkBudget {
    /// Makes a budget of `candidates`, at least one, and an eighth of them for each owner.
    pub fn new(candidates: u32) -> Self {
        Self::of(candidates.max(1), candidates)
    }

    /// Makes the rest of a budget of `whole` candidates: an owner's share is an eighth of the whole.
    pub(super) fn of(left: u32, whole: u32) -> Self {
        Self { left, share: whole.div_ceil(SHARE_PARTS), looked_at: Tally::default(), missed: None, visited: 0 }
    }

    /// Returns the number of candidates that are left.
    pub(super) fn left(&self) -> u32 {
        self.left
    }

    /// Returns the first candidate that was not looked at for lack of budget.
    pub fn missed(&self) -> Option<SearchPlace> {
        self.missed
    }

    /// Counts asks that a search visited.
    pub(super) fn visit(&mut self, asks: usize) {
        self.visited += ledger::exact::<_, u64>(asks);
    }

    /// Returns the number of asks that were visited.
    pub(super) fn visited(&self) -> u64 {
        self.visited
    }

    /// Returns whether nothing is left for the candidates of a start.
    pub(super) fn is_spent(&mut self, start: Hour) -> bool {
        let spent = self.left == 0;
        if spent {
            self.missed.get_or_insert(SearchPlace { start, rank: None });
        }
        spent
    }

    /// Returns whether an owner's candidates are passed over: from the first one beyond its share on, also those that
    /// would not have counted.
    pub(super) fn passes_over(&mut self, owner: OwnerKey) -> bool {
        *self.looked_at.of(owner) > self.share
    }

    /// Counts a candidate of an owner, if the budget has one left for it.
    pub(super) fn look(&mut self, owner: OwnerKey, place: SearchPlace) -> Look {
        if self.left == 0 {
            self.missed.get_or_insert(place);
            return Look::End;
        }
        let looked_at = self.looked_at.of(owner);
        if *looked_at >= self.share {
            *looked_at = self.share + 1;
            self.missed.get_or_insert(place);
            return Look::PassOver;
        }
        *looked_at += 1;
        self.left -= 1;
        Look::At
    }
}
