//! Ladder: one side of a book in the order of its ranks, with an index over time.
//!
//! Orders stand in leaves of up to [`LEAF_RUNGS`], leaves in a tree whose nodes have up to [`ARITY`] children. A leaf
//! keeps what each of its orders offers in time as [`Span`]s, and a node the [`Frontier`] of each child. A search in
//! the order of ranks goes down only where something meets its need, so that what it costs follows what it finds, and
//! not how many orders stand in between.
//!
//! Beside its frontier a node keeps of each child the most GPUs, the shortest and the longest sale of any order in it,
//! so that a search also passes by orders that are too small, too long or too short for it.
//!
//! Frontiers are exact. A change goes up only as far as it is on them, which is seldom far: a span that comes or goes
//! in the shadow of a better one changes nothing above.

use std::ops::{Range, RangeInclusive};

use arrayvec::ArrayVec;
use ledger::exact;
use smallvec::{SmallVec, smallvec};

use crate::frontier::{Below, Change, Frontier, Need, Sizes, Span, Spans};
use crate::order::Rank;

/// Largest number of orders in a leaf.
const LEAF_RUNGS: usize = 16;
/// Largest number of children of a node.
const ARITY: usize = 16;
/// Number of emptied leaves and nodes that are kept for reuse.
const SPARES: usize = 64;

/// Order as it stands in a ladder.
pub(crate) trait Rung: Copy {
    /// Returns the place in the ranking, which no other order of the ladder has.
    fn rank(&self) -> Rank;

    /// Returns how much it can serve.
    fn sizes(&self) -> Sizes;

    /// Returns the number of its owner, where a scan may pass over all that one owner has; `None` otherwise.
    fn owner(&self) -> Option<u32> {
        None
    }
}

/// Neighbouring orders with their spans.
#[derive(Clone, Debug)]
struct Leaf<R> {
    rungs: ArrayVec<R, LEAF_RUNGS>,
    /// Ends of each rung's spans in `spans`; they begin where those of the rung before it end.
    ends: ArrayVec<u32, LEAF_RUNGS>,
    spans: Vec<Span>,
}

/// Neighbouring leaves or nodes.
#[derive(Clone, Debug)]
struct Node<R> {
    /// Rank per child that nothing in it is before and everything in the child before it is.
    firsts: ArrayVec<Rank, ARITY>,
    frontiers: ArrayVec<Frontier, ARITY>,
    /// Most that any order in each child can serve.
    sizes: ArrayVec<Sizes, ARITY>,
    children: ArrayVec<Child<R>, ARITY>,
}

#[derive(Clone, Debug)]
enum Child<R> {
    Leaf(Box<Leaf<R>>),
    Node(Box<Node<R>>),
}

/// Emptied leaves and nodes for reuse, so that a steady flow of orders does not allocate.
#[derive(Clone, Debug)]
#[expect(clippy::vec_box, reason = "what is kept is the allocation")]
struct Spares<R> {
    leaves: Vec<Box<Leaf<R>>>,
    nodes: Vec<Box<Node<R>>>,
}

/// Side of a book, best rank first.
#[derive(Clone, Debug)]
pub(crate) struct Ladder<R> {
    root: Box<Node<R>>,
    /// Frontier of all orders.
    frontier: Frontier,
    spares: Spares<R>,
}

impl<R> Default for Ladder<R> {
    fn default() -> Self {
        let spares = Spares { leaves: Vec::new(), nodes: Vec::new() };
        Self { root: Box::new(Node::empty()), frontier: Frontier::default(), spares }
    }
}

impl<R: Rung> Ladder<R> {
    /// Inserts an order at its rank.
    pub fn insert(&mut self, rung: R, spans: &[Span]) {
        if self.root.children.is_full() {
            self.deepen();
        }
        let mut change = Change { removed: Spans::new(), added: spans.into() };
        self.root.insert(rung, spans, &mut change, &mut self.spares);
        self.frontier.follow(&mut change, &*self.root);
    }

    /// Removes the order of this rank and returns it.
    pub fn remove(&mut self, rank: Rank) -> Option<R> {
        let mut change = Change::default();
        let removed = self.root.remove(rank, &mut change, &mut self.spares)?;
        self.frontier.follow(&mut change, &*self.root);
        while let [Child::Node(_)] = &self.root.children[..] {
            let Some(Child::Node(only)) = self.root.children.pop() else { break };
            let root = std::mem::replace(&mut self.root, only);
            self.spares.keep_node(root);
        }
        Some(removed)
    }

    /// Replaces the spans of the order of this rank.
    pub fn change(&mut self, rank: Rank, spans: &[Span]) {
        let mut change = Change::default();
        self.root.change(rank, spans, &mut change);
        self.frontier.follow(&mut change, &*self.root);
    }

    /// Iterates over the orders behind `after` up to the price of `worst` that meet the need, best first.
    pub fn scan(&self, after: Option<Rank>, worst: i64, need: Need) -> Scan<'_, R> {
        let mut scan = Scan { path: SmallVec::new(), leaf: None, worst, need, passed_over: SmallVec::new() };
        if !self.frontier.meets(need) {
            return scan;
        }
        let Some((price, time)) = after else {
            scan.path.push((&self.root, 0));
            return scan;
        };
        let rank = (price, time + 1);
        let mut node = &*self.root;
        loop {
            let at = node.child_of(rank);
            scan.path.push((node, at + 1));
            match &node.children[at] {
                Child::Node(below) => node = below,
                Child::Leaf(leaf) => {
                    scan.leaf = Some((leaf, leaf.place_of(rank)));
                    return scan;
                }
            }
        }
    }

    /// Iterates over every order, best first.
    pub fn iter(&self) -> All<'_, R> {
        All { path: smallvec![self.root.children.iter()], leaf: [].iter() }
    }

    /// Puts a new node above the full root.
    fn deepen(&mut self) {
        let mut root = self.spares.node();
        std::mem::swap(&mut root, &mut self.root);
        self.root.firsts.push(root.firsts[0]);
        self.root.frontiers.push(Frontier::default());
        self.root.sizes.push(Sizes::NOTHING);
        self.root.children.push(Child::Node(root));
        self.root.split(0, &mut self.spares);
    }
}

impl<R> Node<R> {
    fn empty() -> Self {
        Self { firsts: ArrayVec::new(), frontiers: ArrayVec::new(), sizes: ArrayVec::new(), children: ArrayVec::new() }
    }
}

impl<R: Rung> Node<R> {
    /// Returns the child in which this rank stands or would stand.
    fn child_of(&self, rank: Rank) -> usize {
        self.firsts.partition_point(|first| *first <= rank).max(1) - 1
    }

    /// Inserts below a node that is not full.
    fn insert(&mut self, rung: R, spans: &[Span], change: &mut Change, spares: &mut Spares<R>) {
        let rank = rung.rank();
        if self.children.is_empty() {
            self.firsts.push(rank);
            self.frontiers.push(Frontier::default());
            self.sizes.push(Sizes::NOTHING);
            self.children.push(Child::Leaf(spares.leaf()));
        }
        let mut at = self.child_of(rank);
        if self.children[at].is_full() {
            self.split(at, spares);
            at = self.child_of(rank);
        }
        self.firsts[at] = self.firsts[at].min(rank);
        self.sizes[at] = self.sizes[at].or(rung.sizes());
        match &mut self.children[at] {
            Child::Leaf(leaf) => leaf.insert(rung, spans),
            Child::Node(node) => node.insert(rung, spans, change, spares),
        }
        self.follow(at, change);
    }

    fn remove(&mut self, rank: Rank, change: &mut Change, spares: &mut Spares<R>) -> Option<R> {
        if self.children.is_empty() {
            return None;
        }
        let at = self.child_of(rank);
        let removed = match &mut self.children[at] {
            Child::Leaf(leaf) => leaf.remove(leaf.find(rank)?, change),
            Child::Node(node) => node.remove(rank, change, spares)?,
        };
        self.follow(at, change);
        if self.children[at].len() == 0 {
            self.remove_child(at, spares);
            return Some(removed);
        }
        if removed.sizes().bound(self.sizes[at]) {
            self.sizes[at] = self.children[at].sizes();
        }
        if self.children[at].is_sparse() {
            self.merge(at, spares);
            if at > 0 {
                self.merge(at - 1, spares);
            }
        }
        Some(removed)
    }

    fn change(&mut self, rank: Rank, spans: &[Span], change: &mut Change) {
        if self.children.is_empty() {
            return;
        }
        let at = self.child_of(rank);
        match &mut self.children[at] {
            Child::Leaf(leaf) => {
                if let Some(place) = leaf.find(rank) {
                    leaf.change(place, spans, change);
                }
            }
            Child::Node(node) => node.change(rank, spans, change),
        }
        self.follow(at, change);
    }

    /// Updates the frontier of a child with what changed below it.
    fn follow(&mut self, at: usize, change: &mut Change) {
        if change.is_empty() {
            return;
        }
        match &self.children[at] {
            Child::Leaf(leaf) => self.frontiers[at].follow(change, &**leaf),
            Child::Node(node) => self.frontiers[at].follow(change, &**node),
        }
    }

    /// Moves half of a full child to a new one behind it; there is room for it.
    fn split(&mut self, at: usize, spares: &mut Spares<R>) {
        let (first, right) = match &mut self.children[at] {
            Child::Leaf(left) => {
                let mut right = spares.leaf();
                left.split_into(&mut right);
                (right.rungs[0].rank(), Child::Leaf(right))
            }
            Child::Node(left) => {
                let mut right = spares.node();
                let half = left.children.len() / 2;
                right.firsts.extend(left.firsts.drain(half..));
                right.frontiers.extend(left.frontiers.drain(half..));
                right.sizes.extend(left.sizes.drain(half..));
                right.children.extend(left.children.drain(half..));
                (right.firsts[0], Child::Node(right))
            }
        };
        self.firsts.insert(at + 1, first);
        self.frontiers.insert(at + 1, Frontier::default());
        self.sizes.insert(at + 1, Sizes::NOTHING);
        self.children.insert(at + 1, right);
        for half in [at, at + 1] {
            self.children[half].measure(&mut self.frontiers[half]);
            self.sizes[half] = self.children[half].sizes();
        }
    }

    fn remove_child(&mut self, at: usize, spares: &mut Spares<R>) {
        self.firsts.remove(at);
        self.frontiers.remove(at);
        self.sizes.remove(at);
        match self.children.remove(at) {
            Child::Leaf(leaf) => spares.keep_leaf(leaf),
            Child::Node(node) => spares.keep_node(node),
        }
    }

    /// Joins a child with the next one when both are sparse.
    fn merge(&mut self, at: usize, spares: &mut Spares<R>) {
        let Some([left, right]) = self.children.get_mut(at..at + 2) else { return };
        match (left, right) {
            (Child::Leaf(left), Child::Leaf(right)) if left.rungs.len() + right.rungs.len() <= LEAF_RUNGS / 2 => {
                left.append(right);
            }
            (Child::Node(left), Child::Node(right)) if left.children.len() + right.children.len() <= ARITY / 2 => {
                left.firsts.extend(right.firsts.drain(..));
                left.frontiers.extend(right.frontiers.drain(..));
                left.sizes.extend(right.sizes.drain(..));
                left.children.extend(right.children.drain(..));
            }
            _ => return,
        }
        if let [left, right] = &mut self.frontiers[at..at + 2] {
            left.cover(right);
        }
        self.sizes[at] = self.sizes[at].or(self.sizes[at + 1]);
        self.remove_child(at + 1, spares);
    }
}

impl<R> Below for Node<R> {
    fn has(&self, span: Span) -> bool {
        self.frontiers.iter().any(|frontier| frontier.has(span))
    }

    fn each_within(&self, lows: Range<u32>, highs: RangeInclusive<u32>, mut found: impl FnMut(Span)) {
        for frontier in &self.frontiers {
            frontier.each_within(lows.clone(), &highs, &mut found);
        }
    }
}

impl<R> Child<R> {
    fn len(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.rungs.len(),
            Self::Node(node) => node.children.len(),
        }
    }

    fn is_full(&self) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.rungs.is_full(),
            Self::Node(node) => node.children.is_full(),
        }
    }

    /// Returns whether it may have to be joined with a neighbour.
    fn is_sparse(&self) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.rungs.len() < LEAF_RUNGS / 2,
            Self::Node(node) => node.children.len() < ARITY / 2,
        }
    }

    /// Writes its own frontier into `frontier`.
    fn measure(&self, frontier: &mut Frontier) {
        frontier.clear();
        match self {
            Self::Leaf(leaf) => leaf.spans.iter().for_each(|span| {
                frontier.insert(*span);
            }),
            Self::Node(node) => node.frontiers.iter().for_each(|below| frontier.cover(below)),
        }
    }
}

impl<R: Rung> Child<R> {
    /// Returns the most that any order in it can serve.
    fn sizes(&self) -> Sizes {
        match self {
            Self::Leaf(leaf) => leaf.rungs.iter().map(Rung::sizes).fold(Sizes::NOTHING, Sizes::or),
            Self::Node(node) => node.sizes.iter().copied().fold(Sizes::NOTHING, Sizes::or),
        }
    }
}

impl<R> Leaf<R> {
    fn empty() -> Self {
        Self { rungs: ArrayVec::new(), ends: ArrayVec::new(), spans: Vec::with_capacity(LEAF_RUNGS) }
    }

    /// Returns the range of a rung's spans.
    fn range(&self, at: usize) -> Range<usize> {
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        from as usize..self.ends[at] as usize
    }
}

impl<R: Rung> Leaf<R> {
    /// Finds the first rung from `from` on that meets the need and whose owner is not passed over.
    fn next(&self, from: usize, need: Need, passed_over: &[u32]) -> Option<usize> {
        let meets = |at: &usize| {
            let rung = &self.rungs[*at];
            (passed_over.is_empty() || rung.owner().is_none_or(|owner| !passed_over.contains(&owner)))
                && rung.sizes().meet(need)
                && self.spans[self.range(*at)].iter().any(|span| span.meets(need))
        };
        (from..self.rungs.len()).find(meets)
    }

    /// Returns the place where a rung of this rank stands or would stand.
    fn place_of(&self, rank: Rank) -> usize {
        self.rungs.partition_point(|rung| rung.rank() < rank)
    }

    fn find(&self, rank: Rank) -> Option<usize> {
        let at = self.place_of(rank);
        self.rungs.get(at).is_some_and(|rung| rung.rank() == rank).then_some(at)
    }

    fn insert(&mut self, rung: R, spans: &[Span]) {
        let at = self.place_of(rung.rank());
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.rungs.insert(at, rung);
        self.ends.insert(at, from);
        self.splice(at, spans);
    }

    fn remove(&mut self, at: usize, change: &mut Change) -> R {
        change.removed.extend_from_slice(&self.spans[self.range(at)]);
        self.splice(at, &[]);
        self.ends.remove(at);
        self.rungs.remove(at)
    }

    /// Replaces a rung's spans and reports the difference in `change`.
    fn change(&mut self, at: usize, spans: &[Span], change: &mut Change) {
        let before = &self.spans[self.range(at)];
        // Most of them stay: the difference is in one place.
        let same = before.iter().zip(spans).take_while(|(one, other)| one == other).count();
        let (gone, new) = (&before[same..], &spans[same..]);
        let same = gone.iter().rev().zip(new.iter().rev()).take_while(|(one, other)| one == other).count();
        let (gone, new) = (&gone[..gone.len() - same], &new[..new.len() - same]);
        change.removed.extend(gone.iter().filter(|span| !new.contains(span)).copied());
        change.added.extend(new.iter().filter(|span| !gone.contains(span)).copied());
        if !change.is_empty() {
            self.splice(at, spans);
        }
    }

    /// Puts `spans` in the place of those that a rung has.
    fn splice(&mut self, at: usize, spans: &[Span]) {
        let range = self.range(at);
        let (removed, added) = (range.len(), spans.len());
        let common = removed.min(added);
        self.spans[range.start..range.start + common].copy_from_slice(&spans[..common]);
        if removed > added {
            self.spans.drain(range.start + common..range.end);
        } else if removed < added {
            let end = range.end;
            self.spans.extend_from_slice(&spans[common..]);
            self.spans[end..].rotate_right(added - common);
        }
        let (removed, added): (u32, u32) = (exact(removed), exact(added));
        self.ends[at..].iter_mut().for_each(|end| *end = *end + added - removed);
    }

    fn split_into(&mut self, right: &mut Self) {
        let half = self.rungs.len() / 2;
        let from = self.ends[half - 1];
        right.rungs.extend(self.rungs.drain(half..));
        right.ends.extend(self.ends.drain(half..).map(|end| end - from));
        right.spans.extend(self.spans.drain(from as usize..));
    }

    fn append(&mut self, right: &mut Self) {
        let from = self.ends.last().copied().unwrap_or(0);
        self.rungs.extend(right.rungs.drain(..));
        self.ends.extend(right.ends.drain(..).map(|end| end + from));
        self.spans.append(&mut right.spans);
    }
}

impl<R> Below for Leaf<R> {
    fn has(&self, span: Span) -> bool {
        self.spans.contains(&span)
    }

    fn each_within(&self, lows: Range<u32>, highs: RangeInclusive<u32>, mut found: impl FnMut(Span)) {
        let within = self.spans.iter().filter(|span| lows.contains(&span.low) && highs.contains(&span.high));
        within.for_each(|span| found(*span));
    }
}

#[expect(clippy::unnecessary_box_returns, reason = "what is kept is the allocation")]
impl<R> Spares<R> {
    fn leaf(&mut self) -> Box<Leaf<R>> {
        self.leaves.pop().unwrap_or_else(|| Box::new(Leaf::empty()))
    }

    fn node(&mut self) -> Box<Node<R>> {
        self.nodes.pop().unwrap_or_else(|| Box::new(Node::empty()))
    }

    fn keep_leaf(&mut self, mut leaf: Box<Leaf<R>>) {
        if self.leaves.len() < SPARES {
            leaf.rungs.clear();
            leaf.ends.clear();
            leaf.spans.clear();
            self.leaves.push(leaf);
        }
    }

    fn keep_node(&mut self, mut node: Box<Node<R>>) {
        if self.nodes.len() < SPARES {
            node.firsts.clear();
            node.frontiers.clear();
            node.sizes.clear();
            node.children.clear();
            self.nodes.push(node);
        }
    }
}

/// Iterator of [`Ladder::scan`].
#[derive(Clone)]
pub(crate) struct Scan<'a, R> {
    /// Nodes down to where it is, each with the child to look at next.
    path: SmallVec<[(&'a Node<R>, usize); 6]>,
    /// Leaf where it is, with the rung to look at next.
    leaf: Option<(&'a Leaf<R>, usize)>,
    worst: i64,
    need: Need,
    /// Owners whose orders are passed over.
    passed_over: SmallVec<[u32; 8]>,
}

impl<R> Scan<'_, R> {
    /// Passes over an owner's orders from here on, at the cost of seeing whose they are.
    pub fn pass_over(&mut self, owner: u32) {
        if !self.passed_over.contains(&owner) {
            self.passed_over.push(owner);
        }
    }
}

impl<'a, R: Rung> Iterator for Scan<'a, R> {
    type Item = &'a R;

    fn next(&mut self) -> Option<&'a R> {
        loop {
            if let Some((leaf, from)) = &mut self.leaf {
                if let Some(at) = leaf.next(*from, self.need, &self.passed_over) {
                    *from = at + 1;
                    return Some(&leaf.rungs[at]).filter(|rung| rung.rank().0 <= self.worst).or_else(|| self.end());
                }
                self.leaf = None;
            }
            let (node, from) = self.path.last_mut()?;
            let meets = |at: &usize| node.sizes[*at].meet(self.need) && node.frontiers[*at].meets(self.need);
            let Some(at) = (*from..node.frontiers.len()).find(meets) else {
                self.path.pop();
                continue;
            };
            *from = at + 1;
            if node.firsts[at].0 > self.worst {
                return self.end();
            }
            match &node.children[at] {
                Child::Leaf(leaf) => self.leaf = Some((leaf, 0)),
                Child::Node(node) => self.path.push((node, 0)),
            }
        }
    }
}

impl<R> Scan<'_, R> {
    /// Ends the scan.
    fn end<T>(&mut self) -> Option<T> {
        self.leaf = None;
        self.path.clear();
        None
    }
}

/// Iterator of [`Ladder::iter`].
pub(crate) struct All<'a, R> {
    path: SmallVec<[std::slice::Iter<'a, Child<R>>; 6]>,
    leaf: std::slice::Iter<'a, R>,
}

impl<'a, R> Iterator for All<'a, R> {
    type Item = &'a R;

    fn next(&mut self) -> Option<&'a R> {
        loop {
            if let Some(rung) = self.leaf.next() {
                return Some(rung);
            }
            match self.path.last_mut()?.next() {
                Some(Child::Leaf(leaf)) => self.leaf = leaf.rungs.iter(),
                Some(Child::Node(node)) => self.path.push(node.children.iter()),
                None => {
                    self.path.pop();
                }
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
    struct Step(Rank, Sizes);

    impl Rung for Step {
        fn rank(&self) -> Rank {
            self.0
        }

        fn sizes(&self) -> Sizes {
            self.1
        }
    }

    #[derive(Clone, Debug)]
    enum Act {
        Insert(i64, Sizes, Vec<Span>),
        Remove(prop::sample::Index),
        /// Takes a hole out of the spans of an order, as a sale does.
        Sell(prop::sample::Index, u32, u32),
        Change(prop::sample::Index, Vec<Span>),
        Scan(i64, Need, Option<prop::sample::Index>),
    }

    fn spans() -> impl Strategy<Value = Vec<Span>> {
        prop::collection::vec((0..4_000u32, 1..3_000u32).prop_map(|(low, hours)| Span { low, high: low + hours }), 0..4)
    }

    fn sizes() -> impl Strategy<Value = Sizes> {
        (0..9u32, 0..9u32, 0..9u32).prop_map(|(gpus, hours_min, more)| Sizes {
            gpus,
            hours_min,
            hours_max: hours_min + more,
        })
    }

    fn act() -> impl Strategy<Value = Act> {
        let index = any::<prop::sample::Index>;
        prop_oneof![
            9 => (0..9i64, sizes(), spans()).prop_map(|(price, sizes, spans)| Act::Insert(price, sizes, spans)),
            4 => index().prop_map(Act::Remove),
            4 => (index(), 0..6_000u32, 1..900u32).prop_map(|(index, from, hours)| Act::Sell(index, from, from + hours)),
            2 => (index(), spans()).prop_map(|(index, spans)| Act::Change(index, spans)),
            6 => (0..9i64, 0..7_000u32, 0..2_500u32, sizes(), prop::option::of(index())).prop_map(|(worst, by, hours, sizes, after)| {
                let Sizes { gpus, hours_min, hours_max } = sizes;
                Act::Scan(worst, Need { by, until: by + hours, gpus: gpus / 2, hours_min, hours_max }, after)
            }),
        ]
    }

    /// What is left of the spans outside a hole.
    fn outside(spans: &[Span], hole: Span) -> Vec<Span> {
        let parts = spans.iter().flat_map(|span| {
            [
                Span { low: span.low, high: span.high.min(hole.low) },
                Span { low: span.low.max(hole.high), high: span.high },
            ]
        });
        parts.filter(|span| span.low < span.high).collect()
    }

    /// That every frontier of the tree is what it says, and every rank in its place.
    fn check(node: &Node<Step>, all: &Frontier, depth: usize) -> usize {
        let (mut measured, mut depths) = (Frontier::default(), Vec::new());
        for (at, child) in node.children.iter().enumerate() {
            let mut own = Frontier::default();
            child.measure(&mut own);
            assert!(own.iter().eq(node.frontiers[at].iter()), "the frontier of a child");
            assert!(child.len() > 0, "no child is empty");
            assert_eq!(child.sizes(), node.sizes[at], "the sizes of a child");
            measured.cover(&own);
            let ranks = |rank: Rank| node.firsts[at] <= rank && node.firsts.get(at + 1).is_none_or(|next| rank < *next);
            depths.push(match child {
                Child::Leaf(leaf) => {
                    assert!(leaf.rungs.iter().all(|rung| ranks(rung.rank())));
                    assert_eq!(leaf.ends.last().copied().unwrap_or(0) as usize, leaf.spans.len());
                    depth
                }
                Child::Node(below) => {
                    assert!(below.firsts.iter().all(|first| ranks(*first)));
                    check(below, &own, depth + 1)
                }
            });
        }
        assert!(measured.iter().eq(all.iter()), "the frontier of a node");
        assert!(depths.windows(2).all(|pair| pair[0] == pair[1]), "leaves are equally deep");
        depths.first().copied().unwrap_or(depth)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        /// A scan finds what a look at every order finds, in the same order, whatever came, changed and went before.
        #[test]
        fn finds_what_a_full_look_finds(acts in prop::collection::vec(act(), 1..2_500)) {
            let mut ladder = Ladder::default();
            let mut plain: BTreeMap<Rank, (Sizes, Vec<Span>)> = BTreeMap::new();
            for (time, act) in (0u64..).zip(acts) {
                let pick = |index: &prop::sample::Index, plain: &BTreeMap<Rank, (Sizes, Vec<Span>)>| {
                    (!plain.is_empty()).then(|| *plain.keys().nth(index.index(plain.len())).expect("one of them"))
                };
                match act {
                    Act::Insert(price, sizes, spans) => {
                        ladder.insert(Step((price, time), sizes), &spans);
                        plain.insert((price, time), (sizes, spans));
                    }
                    Act::Remove(index) => {
                        let Some(rank) = pick(&index, &plain) else { continue };
                        prop_assert_eq!(ladder.remove(rank), plain.remove(&rank).map(|(sizes, _)| Step(rank, sizes)));
                        prop_assert_eq!(ladder.remove(rank), None);
                    }
                    Act::Sell(index, low, high) => {
                        let Some(rank) = pick(&index, &plain) else { continue };
                        let left = outside(&plain[&rank].1, Span { low, high });
                        ladder.change(rank, &left);
                        plain.entry(rank).and_modify(|kept| kept.1 = left);
                    }
                    Act::Change(index, spans) => {
                        let Some(rank) = pick(&index, &plain) else { continue };
                        ladder.change(rank, &spans);
                        plain.entry(rank).and_modify(|kept| kept.1 = spans);
                    }
                    Act::Scan(worst, need, after) => {
                        let after = after.and_then(|index| pick(&index, &plain));
                        let found: Vec<Rank> = ladder.scan(after, worst, need).map(Rung::rank).collect();
                        let spans_meet = |spans: &[Span]| spans.iter().any(|span| span.meets(need));
                        let meets = |(sizes, spans): &(Sizes, Vec<Span>)| sizes.meet(need) && spans_meet(spans);
                        let behind = plain.iter().filter(|(rank, _)| rank.0 <= worst && after.is_none_or(|after| **rank > after));
                        let expected: Vec<Rank> = behind.filter(|(_, kept)| meets(kept)).map(|(rank, _)| *rank).collect();
                        prop_assert_eq!(found, expected);
                        prop_assert_eq!(ladder.frontier.meets(need), plain.values().any(|(_, spans)| spans_meet(spans)));
                    }
                }
            }
            check(&ladder.root, &ladder.frontier, 0);
            prop_assert!(ladder.iter().map(Rung::rank).eq(plain.keys().copied()));
            while let Some((rank, _)) = plain.pop_last() {
                prop_assert!(ladder.remove(rank).is_some());
            }
            check(&ladder.root, &ladder.frontier, 0);
            prop_assert!(ladder.root.children.is_empty() && !ladder.frontier.meets(Need::ANYTHING));
        }
    }
}
