//! Starts of a flexible window that a plan tries.

use smallvec::SmallVec;

use crate::hours::Hour;
use crate::timeline::Timeline;

/// Set of hours between an earliest and a latest one, which are at most
/// [`TermWindow::FLEXIBILITY_MAX`](crate::hours::TermWindow) apart.
pub(super) struct Starts {
    earliest: Hour,
    latest: Hour,
    /// Bit for each hour from the earliest on.
    bits: SmallVec<[u64; 4]>,
}

impl Starts {
    /// Makes an empty set of hours between two, both included.
    pub fn between(earliest: Hour, latest: Hour) -> Self {
        let words = (latest.hours() - earliest.hours()) / u64::BITS + 1;
        Self { earliest, latest, bits: SmallVec::from_elem(0, words as usize) }
    }

    /// Adds an hour, if it is between them.
    pub fn add(&mut self, start: Hour) {
        if self.earliest <= start && start <= self.latest {
            let at = start.hours() - self.earliest.hours();
            self.bits[(at / u64::BITS) as usize] |= 1 << (at % u64::BITS);
        }
    }

    /// Adds every hour.
    pub fn add_all(&mut self) {
        let past = self.latest.plus(1).hours();
        (self.earliest.hours()..past).for_each(|hour| self.add(Hour::from_hours(hour)));
    }

    /// Adds the starts of windows of `hours` hours at which something changes: where the window meets an edge of the
    /// timeline, and where what is left between the two is nothing, then shorter than `remnant`, then long enough.
    pub fn add_edges(&mut self, timeline: &Timeline, hours: u32, remnant: u32) {
        let (first, last) = (self.earliest.back(remnant), self.latest.plus(hours).plus(remnant));
        for edge in timeline.edges_from(|edge| edge < first).take_while(|edge| *edge <= last) {
            let ends_with = |hours_left: u32| edge.back(hours).back(hours_left);
            self.add(edge);
            self.add(ends_with(0).plus(1));
            if remnant > 1 {
                self.add(edge.plus(1));
                self.add(edge.plus(remnant));
                self.add(ends_with(0));
                self.add(ends_with(remnant).plus(1));
            }
        }
    }

    /// Iterates over the hours of the set, in order.
    pub fn iter(&self) -> impl Iterator<Item = Hour> + '_ {
        let bits = (0..).zip(&self.bits).flat_map(|(word, bits)| {
            (0..u64::BITS).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| word * u64::BITS + bit)
        });
        bits.map(|at| self.earliest.plus(at))
    }
}
