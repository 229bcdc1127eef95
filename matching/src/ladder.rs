//! One side of a book in the order of its ranks, with an index over time.
//!
//! Orders stand in leaves of up to [`LEAF_RUNGS`], leaves in branches of up to [`BRANCH_LEAVES`]. Beside the ranks, every branch
//! keeps for each of its leaves, and the ladder for each of its branches, how far in time something in it *reaches*: a bound
//! that is never too small. A search in the order of ranks passes over leaves and branches that do not reach as far as it
//! needs, so that what it costs follows what it finds, and not how many orders stand in between.
//!
//! The bounds grow at once when an order comes or its lot has more to give. What shrinks them only makes them looser than
//! they need be; a leaf is measured again after as many such changes as it has room for rungs.

use arrayvec::ArrayVec;
use smallvec::SmallVec;

use crate::Hour;

/// The most orders in a leaf.
const LEAF_RUNGS: usize = 32;
/// The most leaves in a branch.
const BRANCH_LEAVES: usize = 64;
/// The hours that share a bound: three weeks and a bit.
const HOURS_PER_SLOT: u32 = 512;
/// The slots, used in turn: ten years and a half, longer than any window, so that none meets itself.
const SLOTS: u32 = 180;

/// A place in a ladder: the smaller the better. First the price, turned so that the best is the smallest, then the order's
/// place in time.
pub(crate) type Rank = (i64, u64);

/// An order as it stands in a ladder.
pub(crate) trait Rung: Copy {
    /// Its place.
    fn rank(&self) -> Rank;
}

/// How far an order reaches from the hours of a range: a number to be compared with [`Need::reach`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub from: Hour,
    /// The last hour of the range.
    pub to: Hour,
    pub reach: u32,
}

/// The marks of one order.
pub(crate) type Marks = SmallVec<[Mark; 4]>;

/// What a search needs: some mark over some of these hours that reaches so far.
///
/// Supply reaches, from every hour of a free run, to the run's end; a search for a window needs a run that reaches its end from its
/// start. Demand reaches as [`marks_of_starts`] says; a search for what fits between two hours needs an end before the
/// second from a start after the first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    pub from: Hour,
    /// The last hour of the range.
    pub to: Hour,
    pub reach: u32,
}

/// The slots that the hours from `from` to `to` fall into.
fn slots(from: Hour, to: Hour) -> impl Iterator<Item = usize> + Clone {
    let (first, last) = (from.hours() / HOURS_PER_SLOT, to.hours() / HOURS_PER_SLOT);
    let last = last.min(first + SLOTS - 1);
    (first..=last).map(|slot| (slot % SLOTS) as usize)
}

/// The marks of what may start in any hour from `earliest` to `latest` and takes `hours`: over each slot, how early it ends at
/// best, turned so that earlier reaches further.
pub(crate) fn marks_of_starts(earliest: Hour, latest: Hour, hours: u32) -> Marks {
    let mut marks = Marks::new();
    let mut from = earliest;
    while from <= latest {
        let to = Hour::from_hours(from.hours() / HOURS_PER_SLOT * HOURS_PER_SLOT + HOURS_PER_SLOT - 1).min(latest);
        marks.push(Mark { from, to, reach: reach_of_end(from.plus(hours)) });
        from = to.plus(1);
    }
    marks
}

/// An end as a reach: the earlier, the further.
pub(crate) const fn reach_of_end(end: Hour) -> u32 {
    u32::MAX - end.hours()
}

/// The bounds of several children: per slot a row with one number for each child. An empty row is all zeros.
#[derive(Clone, Debug)]
struct Reach {
    rows: Box<[Vec<u32>]>,
    children: usize,
}

impl Reach {
    fn new() -> Self {
        Self { rows: vec![Vec::new(); SLOTS as usize].into_boxed_slice(), children: 0 }
    }

    fn insert(&mut self, child: usize) {
        self.children += 1;
        for row in self.rows.iter_mut().filter(|row| !row.is_empty()) {
            row.insert(child, 0);
        }
    }

    fn remove(&mut self, child: usize) {
        self.children -= 1;
        for row in self.rows.iter_mut().filter(|row| !row.is_empty()) {
            row.remove(child);
        }
    }

    fn raise(&mut self, child: usize, mark: Mark) {
        for slot in slots(mark.from, mark.to) {
            let row = &mut self.rows[slot];
            if row.is_empty() {
                row.resize(self.children, 0);
            }
            row[child] = row[child].max(mark.reach);
        }
    }

    fn clear(&mut self, child: usize) {
        for row in self.rows.iter_mut().filter(|row| !row.is_empty()) {
            row[child] = 0;
        }
    }

    /// Gives `child` the bounds of all the children of `below`.
    fn cover(&mut self, child: usize, below: &Self) {
        for (row, row_below) in self.rows.iter_mut().zip(&below.rows) {
            let reach = row_below.iter().copied().max().unwrap_or(0);
            if row.is_empty() && reach > 0 {
                row.resize(self.children, 0);
            }
            if !row.is_empty() {
                row[child] = reach;
            }
        }
    }

    /// Raises the bounds of `child` to those of `other` as well.
    fn merge(&mut self, child: usize, other: usize) {
        for row in self.rows.iter_mut().filter(|row| !row.is_empty()) {
            row[child] = row[child].max(row[other]);
        }
    }

    /// Moves the children from `at` on to a new one.
    fn split_off(&mut self, at: usize) -> Self {
        let mut right = Self::new();
        right.children = self.children - at;
        for (row, row_right) in self.rows.iter_mut().zip(&mut right.rows) {
            if !row.is_empty() {
                *row_right = row.split_off(at);
            }
        }
        self.children = at;
        right
    }

    /// The first child from `child` on that may have what is needed.
    fn next(&self, child: usize, need: &Need) -> Option<usize> {
        (child..self.children).find(|child| {
            let mut rows = slots(need.from, need.to).map(|slot| &self.rows[slot]);
            rows.any(|row| row.get(*child).is_some_and(|reach| *reach >= need.reach))
        })
    }
}

#[derive(Clone, Debug)]
struct Leaf<R> {
    rungs: Box<ArrayVec<R, LEAF_RUNGS>>,
    /// Changes since its bounds were measured that may have left them too wide.
    loosened: usize,
}

#[derive(Clone, Debug)]
struct Branch<R> {
    leaves: Vec<Leaf<R>>,
    reach: Reach,
}

/// One side of a book, best rank first.
#[derive(Clone, Debug)]
pub(crate) struct Ladder<R> {
    branches: Vec<Branch<R>>,
    reach: Reach,
}

impl<R: Rung> Default for Ladder<R> {
    fn default() -> Self {
        Self { branches: Vec::new(), reach: Reach::new() }
    }
}

/// Where a rung stands: branch, leaf and place in it.
#[derive(Clone, Copy)]
struct Place {
    branch: usize,
    leaf: usize,
    rung: usize,
}

impl<R: Rung> Ladder<R> {
    /// Puts an order in its place.
    pub fn insert(&mut self, rung: R, marks: &[Mark]) {
        if self.branches.is_empty() {
            self.branches.push(Branch { leaves: vec![Leaf::empty()], reach: Reach::new() });
            self.branches[0].reach.insert(0);
            self.reach.insert(0);
        }
        let mut place = self.place_of(rung.rank());
        if self.branches[place.branch].leaves[place.leaf].rungs.is_full() {
            self.split_leaf(place);
            place = self.place_of(rung.rank());
        }
        self.branches[place.branch].leaves[place.leaf].rungs.insert(place.rung, rung);
        self.raise_at(place, marks);
    }

    /// Takes the order of this rank out. `marks` tells what another order of its leaf reaches.
    pub fn remove(&mut self, rank: Rank, marks: impl FnMut(&R) -> Marks) -> Option<R> {
        let place = self.find(rank)?;
        let branch = &mut self.branches[place.branch];
        let removed = branch.leaves[place.leaf].rungs.remove(place.rung);
        if branch.leaves[place.leaf].rungs.is_empty() {
            self.remove_leaf(place);
        } else if !self.merge_leaf(place) {
            self.loosen_at(place, marks);
        }
        Some(removed)
    }

    /// Widens the bounds around an order that reaches further than before.
    pub fn raise(&mut self, rank: Rank, marks: &[Mark]) {
        if let Some(place) = self.find(rank) {
            self.raise_at(place, marks);
        }
    }

    /// Takes notice that an order reaches less far than before. `marks` tells what an order reaches now.
    pub fn loosen(&mut self, rank: Rank, marks: impl FnMut(&R) -> Marks) {
        if let Some(place) = self.find(rank) {
            self.loosen_at(place, marks);
        }
    }

    /// The orders behind `after` up to the price of `worst`, best first, but for leaves that cannot meet the need.
    pub fn scan(&self, after: Option<Rank>, worst: i64, need: Need) -> Scan<'_, R> {
        let first = Place { branch: 0, leaf: 0, rung: 0 };
        let after = after.filter(|_| !self.branches.is_empty());
        let place = after.map_or(first, |(price, time)| self.place_of((price, time.saturating_add(1))));
        Scan { ladder: self, place, worst, need: Some(need), entered: false }
    }

    /// Every order, best first.
    pub fn iter(&self) -> impl Iterator<Item = &R> {
        self.branches.iter().flat_map(|branch| branch.leaves.iter().flat_map(|leaf| leaf.rungs.iter()))
    }

    /// Where a rung of this rank stands or would stand.
    fn place_of(&self, rank: Rank) -> Place {
        let first = |leaf: &Leaf<R>| leaf.rungs.first().is_none_or(|rung| rung.rank() <= rank);
        let branch = self.branches.partition_point(|branch| first(&branch.leaves[0])).saturating_sub(1);
        let leaves = &self.branches[branch].leaves;
        let leaf = leaves.partition_point(first).saturating_sub(1);
        let rung = leaves[leaf].rungs.partition_point(|rung| rung.rank() < rank);
        Place { branch, leaf, rung }
    }

    fn find(&self, rank: Rank) -> Option<Place> {
        if self.branches.is_empty() {
            return None;
        }
        let place = self.place_of(rank);
        let rung = self.branches[place.branch].leaves[place.leaf].rungs.get(place.rung)?;
        (rung.rank() == rank).then_some(place)
    }

    fn raise_at(&mut self, place: Place, marks: &[Mark]) {
        for mark in marks {
            self.branches[place.branch].reach.raise(place.leaf, *mark);
            self.reach.raise(place.branch, *mark);
        }
    }

    /// Counts a change that may have left a leaf's bounds too wide, and measures them again when there were many.
    fn loosen_at(&mut self, place: Place, mut marks: impl FnMut(&R) -> Marks) {
        let Branch { leaves, reach } = &mut self.branches[place.branch];
        let leaf = &mut leaves[place.leaf];
        leaf.loosened += 1;
        if leaf.loosened < LEAF_RUNGS {
            return;
        }
        leaf.loosened = 0;
        reach.clear(place.leaf);
        for mark in leaf.rungs.iter().flat_map(&mut marks) {
            reach.raise(place.leaf, mark);
        }
        self.reach.cover(place.branch, &self.branches[place.branch].reach);
    }

    fn split_leaf(&mut self, place: Place) {
        let Branch { leaves, reach } = &mut self.branches[place.branch];
        let left = &mut leaves[place.leaf];
        let right: ArrayVec<R, LEAF_RUNGS> = left.rungs.drain(LEAF_RUNGS / 2..).collect();
        let right = Leaf { rungs: Box::new(right), loosened: left.loosened };
        leaves.insert(place.leaf + 1, right);
        reach.insert(place.leaf + 1);
        reach.merge(place.leaf + 1, place.leaf);
        if leaves.len() > BRANCH_LEAVES {
            self.split_branch(place.branch);
        }
    }

    fn split_branch(&mut self, index: usize) {
        let left = &mut self.branches[index];
        let half = left.leaves.len() / 2;
        let right = Branch { leaves: left.leaves.split_off(half), reach: left.reach.split_off(half) };
        self.branches.insert(index + 1, right);
        self.reach.insert(index + 1);
        for branch in [index, index + 1] {
            self.reach.cover(branch, &self.branches[branch].reach);
        }
    }

    fn remove_leaf(&mut self, place: Place) {
        let branch = &mut self.branches[place.branch];
        branch.leaves.remove(place.leaf);
        branch.reach.remove(place.leaf);
        if branch.leaves.is_empty() {
            self.branches.remove(place.branch);
            self.reach.remove(place.branch);
        }
    }

    /// Joins a leaf that has become sparse with the next one; false when they have too many rungs for that.
    fn merge_leaf(&mut self, place: Place) -> bool {
        let Branch { leaves, reach } = &mut self.branches[place.branch];
        let Some([left, right]) = leaves.get_mut(place.leaf..place.leaf + 2) else { return false };
        if left.rungs.len() + right.rungs.len() > LEAF_RUNGS / 2 {
            return false;
        }
        left.rungs.extend(right.rungs.drain(..));
        left.loosened = left.loosened.max(right.loosened);
        leaves.remove(place.leaf + 1);
        reach.merge(place.leaf, place.leaf + 1);
        reach.remove(place.leaf + 1);
        true
    }
}

impl<R> Leaf<R> {
    fn empty() -> Self {
        Self { rungs: Box::new(ArrayVec::new()), loosened: 0 }
    }
}

/// The orders of a [`Ladder::scan`].
#[derive(Clone)]
pub(crate) struct Scan<'a, R> {
    ladder: &'a Ladder<R>,
    place: Place,
    worst: i64,
    need: Option<Need>,
    /// Whether the present leaf has been found to meet the need.
    entered: bool,
}

impl<'a, R: Rung> Iterator for Scan<'a, R> {
    type Item = &'a R;

    fn next(&mut self) -> Option<&'a R> {
        loop {
            let need = self.need.as_ref()?;
            let Some(branch) = self.ladder.branches.get(self.place.branch) else {
                self.need = None;
                return None;
            };
            if self.entered {
                let rungs = &branch.leaves[self.place.leaf].rungs;
                if let Some(rung) = rungs.get(self.place.rung) {
                    if rung.rank().0 > self.worst {
                        self.need = None;
                        return None;
                    }
                    self.place.rung += 1;
                    return Some(rung);
                }
                self.entered = false;
                self.place = Place { leaf: self.place.leaf + 1, rung: 0, ..self.place };
            }
            // The next branch, then the next leaf in it, that may have what is needed.
            let Some(at) = self.ladder.reach.next(self.place.branch, need) else {
                self.need = None;
                return None;
            };
            if at != self.place.branch {
                self.place = Place { branch: at, leaf: 0, rung: 0 };
            }
            let branch = &self.ladder.branches[at];
            if branch.leaves[0].rungs[0].rank().0 > self.worst {
                self.need = None;
                return None;
            }
            match branch.reach.next(self.place.leaf, need) {
                Some(leaf) => {
                    if leaf != self.place.leaf {
                        self.place = Place { leaf, rung: 0, ..self.place };
                    }
                    self.entered = true;
                }
                None => self.place = Place { branch: at + 1, leaf: 0, rung: 0 },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    struct Reacher {
        rank: Rank,
        from: u32,
        to: u32,
    }

    impl Rung for Reacher {
        fn rank(&self) -> Rank {
            self.rank
        }
    }

    impl Reacher {
        fn marks(&self) -> Marks {
            let (from, to) = (Hour::from_hours(self.from), Hour::from_hours(self.to - 1));
            smallvec::smallvec![Mark { from, to, reach: self.to }]
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert(i64, u32, u32),
        Remove(prop::sample::Index),
        Shrink(prop::sample::Index),
        Scan(i64, u32, u32, Option<prop::sample::Index>),
    }

    fn step() -> impl Strategy<Value = Step> {
        let hours = 0..4_000u32;
        prop_oneof![
            6 => (0..9i64, hours.clone(), 1..3_000u32).prop_map(|(price, from, hours)| Step::Insert(price, from, from + hours)),
            3 => any::<prop::sample::Index>().prop_map(Step::Remove),
            2 => any::<prop::sample::Index>().prop_map(Step::Shrink),
            4 => (0..9i64, hours, 1..3_000u32, prop::option::of(any::<prop::sample::Index>()))
                .prop_map(|(worst, from, hours, after)| Step::Scan(worst, from, from + hours, after)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        /// A scan finds what a look at every order finds, in the same order, whatever came and went before.
        #[test]
        fn finds_what_a_full_look_finds(steps in prop::collection::vec(step(), 1..900)) {
            let mut ladder = Ladder::default();
            let mut plain: BTreeMap<Rank, Reacher> = BTreeMap::new();
            for (time, step) in (0u64..).zip(steps) {
                let pick = |index: &prop::sample::Index, plain: &BTreeMap<Rank, Reacher>| {
                    (!plain.is_empty()).then(|| *plain.keys().nth(index.index(plain.len())).expect("one of them"))
                };
                match step {
                    Step::Insert(price, from, to) => {
                        let rung = Reacher { rank: (price, time), from, to };
                        plain.insert(rung.rank, rung);
                        ladder.insert(rung, &rung.marks());
                    }
                    Step::Remove(index) => {
                        let Some(rank) = pick(&index, &plain) else { continue };
                        prop_assert_eq!(ladder.remove(rank, Reacher::marks), plain.remove(&rank));
                    }
                    Step::Shrink(index) => {
                        let Some(rank) = pick(&index, &plain) else { continue };
                        // What reaches less is told by its marks alone; the rung itself stays as it is.
                        ladder.loosen(rank, Reacher::marks);
                    }
                    Step::Scan(worst, from, to, after) => {
                        let after = after.and_then(|index| pick(&index, &plain));
                        let need = Need { from: Hour::from_hours(from), to: Hour::from_hours(from), reach: to };
                        let covers = |rung: &Reacher| rung.from <= from && to <= rung.to;
                        let found: Vec<Reacher> = ladder.scan(after, worst, need).copied().filter(covers).collect();
                        let all = plain.values().filter(|rung| rung.rank.0 <= worst && after.is_none_or(|after| rung.rank > after));
                        let expected: Vec<Reacher> = all.copied().filter(covers).collect();
                        prop_assert_eq!(found, expected);
                    }
                }
            }
            prop_assert!(ladder.iter().eq(plain.values()));
        }
    }
}
