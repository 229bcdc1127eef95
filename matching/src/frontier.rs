//! Frontiers: what several orders offer in time, as a staircase of the spans that no other outdoes.

use smallvec::SmallVec;

/// Pair of hours that say what an order can serve: it meets a [`Need`] whose `by` is not before `low` and whose `until`
/// is not after `high`.
///
/// Supply has a span for each free run, from its start to its end; a search for a window needs a run that has begun by
/// the window's start and lasts until its end. Demand has one, from its earliest end to its latest start; a search for
/// what fits between two hours needs one that can end by the second and starts no sooner than the first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Span {
    pub low: u32,
    pub high: u32,
}

/// Spans of one order, or of one change.
pub(crate) type Spans = SmallVec<[Span; 6]>;

/// Requirement of a search: a span, and the [`Sizes`] for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Need {
    pub by: u32,
    pub until: u32,
    /// Smallest number of GPUs that will do.
    pub gpus: u32,
    /// Shortest length in hours; the longest is `hours_max`.
    pub hours_min: u32,
    pub hours_max: u32,
}

impl Need {
    /// Need that any order meets.
    pub const ANYTHING: Self = Self { by: u32::MAX, until: 0, gpus: 0, hours_min: 0, hours_max: u32::MAX };

    /// Makes the need of a sale of exactly `hours` hours.
    pub const fn lasting(hours: u32) -> Self {
        Self { hours_min: hours, hours_max: hours, ..Self::ANYTHING }
    }
}

/// Capacity of an order, or the most that any of several can serve: a number of GPUs, and a range of lengths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sizes {
    pub gpus: u32,
    pub hours_min: u32,
    pub hours_max: u32,
}

impl Sizes {
    /// Sizes of no order.
    pub const NOTHING: Self = Self { gpus: 0, hours_min: u32::MAX, hours_max: 0 };

    pub const fn meet(self, need: Need) -> bool {
        self.gpus >= need.gpus && self.hours_min <= need.hours_max && self.hours_max >= need.hours_min
    }

    /// Returns the sizes that either has.
    pub fn or(self, other: Self) -> Self {
        Self {
            gpus: self.gpus.max(other.gpus),
            hours_min: self.hours_min.min(other.hours_min),
            hours_max: self.hours_max.max(other.hours_max),
        }
    }

    /// Returns whether `self` contributes an extreme to `all`, the sizes of several among which it is.
    pub const fn bound(self, all: Self) -> bool {
        self.gpus == all.gpus || self.hours_min == all.hours_min || self.hours_max == all.hours_max
    }
}

impl Span {
    pub const fn meets(self, need: Need) -> bool {
        self.low <= need.by && self.high >= need.until
    }
}

/// Level below a frontier: all the spans, or frontiers that have the best of them.
pub(crate) trait Below {
    /// Returns whether this very span is in it.
    fn has(&self, span: Span) -> bool;

    /// Calls `found` with the spans that begin in `lows` and end in `highs`, and perhaps with some that others of them
    /// outdo.
    fn each_within(&self, lows: std::ops::Range<u32>, highs: std::ops::RangeInclusive<u32>, found: impl FnMut(Span));
}

/// Change of the spans below a frontier.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    pub removed: Spans,
    pub added: Spans,
}

impl Change {
    /// Returns whether there is nothing to follow.
    pub fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.added.is_empty()
    }
}

/// Spans that no other outdoes by beginning no later and ending no sooner; both ends ascend.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frontier {
    spans: SmallVec<[Span; 2]>,
}

impl Frontier {
    /// Returns whether some span meets the need.
    pub fn meets(&self, need: Need) -> bool {
        // Of those that begin in time, the last one lasts longest.
        let past = self.spans.partition_point(|span| span.low <= need.by);
        past > 0 && self.spans[past - 1].high >= need.until
    }

    /// Iterates over the spans, by ascending ends.
    pub fn iter(&self) -> impl Iterator<Item = Span> + '_ {
        self.spans.iter().copied()
    }

    /// Returns whether this very span is on it.
    pub fn has(&self, span: Span) -> bool {
        let at = self.spans.partition_point(|other| other.low < span.low);
        self.spans.get(at) == Some(&span)
    }

    /// Inserts a span. Returns false when another outdoes or equals it.
    pub fn insert(&mut self, span: Span) -> bool {
        let past = self.spans.partition_point(|other| other.low <= span.low);
        if past > 0 && self.spans[past - 1].high >= span.high {
            return false;
        }
        let from = past - usize::from(past > 0 && self.spans[past - 1].low == span.low);
        let outdone = self.spans[from..].iter().take_while(|other| other.high <= span.high).count();
        if outdone == 0 {
            self.spans.insert(from, span);
        } else {
            self.spans[from] = span;
            self.spans.drain(from + 1..from + outdone);
        }
        true
    }

    /// Inserts all spans of another frontier.
    pub fn cover(&mut self, other: &Self) {
        for span in other.iter() {
            self.insert(span);
        }
    }

    /// Removes every span.
    pub fn clear(&mut self) {
        self.spans.clear();
    }

    /// Follows a change that has happened below. Leaves in `change` what changed of the frontier, except the spans that
    /// came to light where a better one went: they matter above only where that one did.
    pub fn follow(&mut self, change: &mut Change, below: &impl Below) {
        change.added.retain(|span| self.insert(*span));
        change.removed.retain(|span| {
            let at = self.spans.partition_point(|other| other.low < span.low);
            if self.spans.get(at) != Some(span) || below.has(*span) {
                return false;
            }
            self.spans.remove(at);
            // Only what the span alone outdid can take its place.
            let lows = span.low..self.spans.get(at).map_or(u32::MAX, |next| next.low);
            let highs = at.checked_sub(1).map_or(0, |before| self.spans[before].high + 1)..=span.high;
            below.each_within(lows, highs, |span| {
                self.insert(span);
            });
            true
        });
    }

    /// Calls `found` with the spans that begin in `lows` and end in `highs`.
    pub fn each_within(
        &self,
        lows: std::ops::Range<u32>,
        highs: &std::ops::RangeInclusive<u32>,
        mut found: impl FnMut(Span),
    ) {
        let from = self.spans.partition_point(|span| span.low < lows.start);
        let within = self.spans[from..].iter().take_while(|span| span.low < lows.end && span.high <= *highs.end());
        within.filter(|span| span.high >= *highs.start()).for_each(|span| found(*span));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Plain(Vec<Span>);

    impl Below for Plain {
        fn has(&self, span: Span) -> bool {
            self.0.contains(&span)
        }

        fn each_within(
            &self,
            lows: std::ops::Range<u32>,
            highs: std::ops::RangeInclusive<u32>,
            mut found: impl FnMut(Span),
        ) {
            self.0.iter().filter(|span| lows.contains(&span.low) && highs.contains(&span.high)).for_each(|s| found(*s));
        }
    }

    fn spans(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Span>> {
        prop::collection::vec((0..30u32, 1..30u32).prop_map(|(low, hours)| Span { low, high: low + hours }), count)
    }

    proptest! {
        /// Whatever comes and goes, the frontier is the spans that no other outdoes, and answers as all of them would.
        #[test]
        fn is_what_nothing_outdoes(
            steps in prop::collection::vec((spans(0..4), prop::collection::vec(any::<prop::sample::Index>(), 0..4)), 1..60),
            needs in prop::collection::vec((0..40u32, 0..60u32), 8),
        ) {
            let (mut plain, mut frontier) = (Plain(Vec::new()), Frontier::default());
            for (added, removed) in steps {
                let mut change = Change::default();
                for index in removed {
                    if !plain.0.is_empty() {
                        change.removed.push(plain.0.swap_remove(index.index(plain.0.len())));
                    }
                }
                plain.0.extend(&added);
                change.added.extend(added);
                frontier.follow(&mut change, &plain);

                let outdone = |span: &Span| plain.0.iter().any(|o| o != span && o.low <= span.low && o.high >= span.high);
                let mut expected: Vec<Span> = plain.0.iter().filter(|span| !outdone(span)).copied().collect();
                expected.sort_unstable_by_key(|span| span.low);
                expected.dedup();
                prop_assert_eq!(frontier.iter().collect::<Vec<_>>(), expected);
                for (by, until) in &needs {
                    let need = Need { by: *by, until: *until, ..Need::ANYTHING };
                    prop_assert_eq!(frontier.meets(need), plain.0.iter().any(|span| span.meets(need)));
                }
            }
        }
    }
}
