//! How much a search may look at.
//!
//! What is counted are candidates of the rules, not steps of an index: a start and an ask that could sell the bid's minimum by price,
//! length and free hours, in the ranking of the market. So a slow, obvious exchange counts the same, and a rewrite of the books decides
//! the same.

use super::tally::Tally;
use crate::hours::Hour;
use crate::keys::OwnerKey;
use crate::price::Price;

/// One owner's candidates use at most this part of a budget.
const SHARE_PARTS: u32 = 8;

/// The candidates that a search may still look at.
#[derive(Clone, Debug)]
pub struct WorkBudget {
    left: u32,
    /// How many of one owner.
    share: u32,
    looked_at: Tally<OwnerKey, u32>,
    /// The first candidate that was not looked at.
    missed: Option<SearchPlace>,
    /// The asks that the search came to, candidates or not. It bounds nothing here: how long a search took is told by it.
    visited: u64,
}

/// A candidate's place in a search: its start, then its rank among the asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SearchPlace {
    /// The start of the window.
    pub start: Hour,
    /// The rank; none for the first ask of all.
    pub rank: Option<(Price, u64)>,
}

/// What a budget says of a candidate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Look {
    /// It is looked at.
    At,
    /// Its owner has used its share: it is passed over.
    PassOver,
    /// The search ends before it.
    End,
}

impl WorkBudget {
    /// A budget of so many candidates, one at least, and an eighth of them for each owner.
    pub fn new(candidates: u32) -> Self {
        Self::of(candidates.max(1), candidates)
    }

    /// What is left of a budget of so many candidates: an owner's share is an eighth of the whole.
    pub(super) fn of(left: u32, whole: u32) -> Self {
        Self { left, share: whole.div_ceil(SHARE_PARTS), looked_at: Tally::default(), missed: None, visited: 0 }
    }

    /// The candidates that are left.
    pub(super) fn left(&self) -> u32 {
        self.left
    }

    /// The first candidate that was not looked at for want of budget.
    pub fn missed(&self) -> Option<SearchPlace> {
        self.missed
    }

    /// Notes that a search came to so many asks.
    pub(super) fn visit(&mut self, asks: usize) {
        self.visited += ledger::exact::<_, u64>(asks);
    }

    /// The asks that it came to.
    pub(super) fn visited(&self) -> u64 {
        self.visited
    }

    /// Whether nothing is left for the candidates of a start.
    pub(super) fn is_spent(&mut self, start: Hour) -> bool {
        let spent = self.left == 0;
        if spent {
            self.missed.get_or_insert(SearchPlace { start, rank: None });
        }
        spent
    }

    /// Whether an owner's candidates are passed over: one was that was beyond its share, and all are from then on, those too that
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
