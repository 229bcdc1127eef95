//! Timelines: a count of GPUs for every hour of a window.
//!
//! - `remnant`: sales that leave no free run which is too short to sell.

mod remnant;

use ledger::{Invariant, invariant};
use serde::{Serialize, Serializer};
use smallvec::{SmallVec, smallvec};

use crate::hours::{Hour, Window};

/// Number of GPUs per hour over a window, as a step function.
///
/// A lot's residual timeline says how many GPUs are still free in each hour; an ask's says how many it may still sell.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Timeline {
    /// Beginning and height of each step; the first begins with the window, neighbours differ in height.
    #[serde(serialize_with = "as_slice")]
    steps: SmallVec<[(Hour, u32); 3]>,
    end: Hour,
}

fn as_slice<S: Serializer>(steps: &[(Hour, u32)], serializer: S) -> Result<S::Ok, S::Error> {
    steps.serialize(serializer)
}

impl Timeline {
    /// Makes a timeline with `gpus` in every hour of `window`.
    pub fn flat(window: Window, gpus: u32) -> Self {
        Self { steps: smallvec![(window.start(), gpus)], end: window.end() }
    }

    /// Returns the hours that it counts.
    pub fn window(&self) -> Window {
        Window::between(self.steps[0].0, self.end)
    }

    /// Returns the fewest GPUs in any hour of `window`; 0 where the window leaves the timeline.
    pub fn min_over(&self, window: Window) -> u32 {
        if window.start() < self.steps[0].0 || self.end < window.end() {
            return 0;
        }
        // One pass over a slice, which the compiler vectorizes: a search asks it for each of its starts.
        self.steps_within(window).iter().fold(u32::MAX, |least, (_, gpus)| least.min(*gpus))
    }

    /// Returns the most GPUs in any hour that is in `window` and in the timeline; 0 where there is no such hour.
    pub fn max_over(&self, window: Window) -> u32 {
        self.steps_within(window).iter().fold(0, |most, (_, gpus)| most.max(*gpus))
    }

    /// Returns the GPUs in one hour; 0 outside the timeline.
    pub fn at(&self, hour: Hour) -> u32 {
        if hour < self.steps[0].0 || self.end <= hour { 0 } else { self.steps[self.step_at(hour)].1 }
    }

    /// Returns the most GPUs in any hour.
    pub fn max(&self) -> u32 {
        self.steps.iter().map(|(_, gpus)| *gpus).max().unwrap_or(0)
    }

    /// Returns the fewest GPUs in any hour.
    pub fn min(&self) -> u32 {
        self.steps.iter().map(|(_, gpus)| *gpus).min().unwrap_or(0)
    }

    /// Returns whether every hour has no GPUs, or is in `window` and has exactly `gpus`.
    pub fn is_only(&self, window: Window, gpus: u32) -> bool {
        self.steps().all(|(step, height)| height == if window.covers(step) { gpus } else { 0 })
    }

    /// Subtracts `gpus` in every hour of `window`, which must have them.
    ///
    /// # Panics
    /// A [violation](ledger::Violation) when an hour has fewer; see [`ledger::checked`].
    pub fn take(&mut self, window: Window, gpus: u32) {
        invariant!(self.window().covers(window), HourSoldOnce, "{window} is not within {}", self.window());
        self.change(window, |free| match free.checked_sub(gpus) {
            Some(left) => left,
            None => Invariant::HourSoldOnce.violated(format_args!("{gpus} of {free} GPUs over {window}")),
        });
    }

    /// Adds `gpus` in every hour of `window` that the timeline has.
    pub fn put(&mut self, window: Window, gpus: u32) {
        if let Some(window) = self.window().intersection(window) {
            self.change(window, |free| match free.checked_add(gpus) {
                Some(more) => more,
                None => {
                    Invariant::HourReturnedOnce.violated(format_args!("{gpus} more than {free} GPUs over {window}"))
                }
            });
        }
    }

    /// Iterates over the steps: a window and the GPUs in each of its hours, in order, together the whole timeline.
    pub fn steps(&self) -> impl Iterator<Item = (Window, u32)> + Clone + '_ {
        let ends = self.steps.iter().skip(1).map(|(start, _)| *start).chain(std::iter::once(self.end));
        self.steps.iter().zip(ends).map(|((start, gpus), end)| (Window::between(*start, end), *gpus))
    }

    /// Iterates over the edges, where steps begin and where it ends, as far as `before` holds, last first.
    ///
    /// `before` holds up to some hour and not behind it.
    pub fn edges_until(&self, before: impl Fn(Hour) -> bool) -> impl Iterator<Item = Hour> + '_ {
        let end = Some(self.end).filter(|end| before(*end));
        let past = self.steps.partition_point(|(start, _)| before(*start));
        end.into_iter().chain(self.steps[..past].iter().rev().map(|(start, _)| *start))
    }

    /// Iterates over the edges from where `before` holds no more, in order; see [`Timeline::edges_until`].
    pub fn edges_from(&self, before: impl Fn(Hour) -> bool) -> impl Iterator<Item = Hour> + '_ {
        let end = Some(self.end).filter(|end| !before(*end));
        let past = self.steps.partition_point(|(start, _)| before(*start));
        self.steps[past..].iter().map(|(start, _)| *start).chain(end)
    }

    /// Iterates over the longest windows in which every hour has at least `gpus`, which is more than zero, in order.
    pub fn runs(&self, gpus: u32) -> Runs<'_> {
        Runs { timeline: self, next: 0, gpus }
    }

    /// Iterates over the runs from the one that contains `hour` on, or the first one after it. That one may have begun
    /// before the hour that it reports.
    pub fn runs_from(&self, hour: Hour, gpus: u32) -> Runs<'_> {
        Runs { timeline: self, next: self.step_at(hour), gpus }
    }

    /// Returns the steps that begin before a window ends, from the one that contains its start on.
    fn steps_within(&self, window: Window) -> &[(Hour, u32)] {
        let first = self.step_at(window.start());
        let past = self.steps[first..].partition_point(|(start, _)| *start < window.end());
        &self.steps[first..][..past]
    }

    /// Returns the index of the step that contains `hour`.
    fn step_at(&self, hour: Hour) -> usize {
        self.steps.partition_point(|(start, _)| *start <= hour).max(1) - 1
    }

    /// Changes the height of every hour of `window`, keeping neighbouring steps different.
    fn change(&mut self, window: Window, height: impl Fn(u32) -> u32) {
        let first = self.split_at(window.start());
        let past = if window.end() < self.end { self.split_at(window.end()) } else { self.steps.len() };
        for (_, gpus) in &mut self.steps[first..past] {
            *gpus = height(*gpus);
        }
        // Only the two edges can have become equal to their neighbours.
        for edge in [past, first] {
            if edge > 0 && edge < self.steps.len() && self.steps[edge].1 == self.steps[edge - 1].1 {
                self.steps.remove(edge);
            }
        }
    }

    /// Makes a step begin at `hour` and returns its index.
    fn split_at(&mut self, hour: Hour) -> usize {
        let index = self.step_at(hour);
        let (start, gpus) = self.steps[index];
        if start == hour {
            return index;
        }
        self.steps.insert(index + 1, (hour, gpus));
        index + 1
    }
}

/// Iterator of [`Timeline::runs`].
#[derive(Clone, Debug)]
pub struct Runs<'a> {
    timeline: &'a Timeline,
    next: usize,
    gpus: u32,
}

impl Iterator for Runs<'_> {
    type Item = Window;

    fn next(&mut self) -> Option<Window> {
        let steps = &self.timeline.steps;
        let first = self.next + steps[self.next..].iter().position(|(_, gpus)| *gpus >= self.gpus)?;
        let past = steps[first..].iter().position(|(_, gpus)| *gpus < self.gpus).map(|length| first + length);
        self.next = past.unwrap_or(steps.len());
        let end = past.map_or(self.timeline.end, |past| steps[past].0);
        Some(Window::between(steps[first].0, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOURS: u32 = 40;
    const GPUS: u32 = 64;

    fn window(start: u32, end: u32) -> Window {
        Window::new(Hour::from_hours(start), Hour::from_hours(end)).expect("a window")
    }

    /// The runs of at least `gpus` in an array of hours.
    fn runs_of(hours: &[u32], gpus: u32) -> Vec<(usize, usize)> {
        let mut runs = Vec::new();
        let mut start = None;
        for (hour, free) in hours.iter().chain(std::iter::once(&0)).enumerate() {
            match (start, *free >= gpus) {
                (None, true) => start = Some(hour),
                (Some(first), false) => {
                    runs.push((first, hour));
                    start = None;
                }
                _ => {}
            }
        }
        runs
    }

    /// The naive form of [`Timeline::most_without_remnant`]: each quantity, each number of GPUs, each run.
    fn most_without_remnant(
        hours: &[u32],
        sold: &std::ops::Range<usize>,
        most: u32,
        unit: u32,
        hours_min: usize,
    ) -> u32 {
        let refused = |gpus: &u32| hours_min > 1 && leaves_remnant(hours, sold, *gpus, hours_min);
        (1..=most).rev().filter(|gpus| gpus.is_multiple_of(unit)).find(|gpus| !refused(gpus)).unwrap_or(0)
    }

    fn leaves_remnant(hours: &[u32], sold: &std::ops::Range<usize>, gpus: u32, hours_min: usize) -> bool {
        let mut after = hours.to_vec();
        for free in &mut after[sold.clone()] {
            *free -= gpus;
        }
        (1..=hours.iter().copied().max().unwrap_or(0)).any(|level| {
            let before = runs_of(hours, level);
            runs_of(&after, level).iter().any(|run| run.1 - run.0 < hours_min && !before.contains(run))
        })
    }

    proptest! {
        /// The timeline equals a plain array of hours under any sequence of sales and returns.
        #[test]
        fn equals_an_array_of_hours(
            sales in prop::collection::vec((0..HOURS, 1..=HOURS, 1..=GPUS, any::<bool>(), 1..12u32), 0..40),
            unit in 1..5u32,
        ) {
            let mut timeline = Timeline::flat(window(0, HOURS), GPUS);
            let mut array = [GPUS; HOURS as usize];
            for (start, length, gpus, put, hours_min) in sales {
                let end = (start + length).min(HOURS);
                let sold = window(start, end);
                let range = start as usize..end as usize;
                let least = array[range.clone()].iter().copied().min().unwrap_or(0);
                prop_assert_eq!(timeline.min_over(sold), least);
                if put {
                    array[range].iter_mut().for_each(|free| *free += gpus);
                    timeline.put(sold, gpus);
                } else if gpus <= least {
                    for taken in [0, gpus / 3] {
                        let mut left = array;
                        left[range.clone()].iter_mut().for_each(|free| *free -= taken);
                        for most in [least - taken, gpus - taken] {
                            prop_assert_eq!(
                                timeline.most_without_remnant(sold, taken, 1..=most, unit, hours_min),
                                most_without_remnant(&left, &range, most, unit, hours_min as usize)
                            );
                        }
                    }
                    array[range].iter_mut().for_each(|free| *free -= gpus);
                    timeline.take(sold, gpus);
                }
                let listed: Vec<u32> =
                    timeline.steps().flat_map(|(step, free)| std::iter::repeat_n(free, step.hours() as usize)).collect();
                prop_assert_eq!(&listed[..], &array[..]);
                let heights: Vec<u32> = timeline.steps().map(|(_, free)| free).collect();
                prop_assert!(heights.windows(2).all(|pair| pair[0] != pair[1]), "neighbouring steps differ");
                let runs: Vec<_> = timeline.runs(gpus).map(|run| (run.start().hours() as usize, run.end().hours() as usize)).collect();
                prop_assert_eq!(runs, runs_of(&array, gpus));
                let edges = |hours: std::ops::Range<u32>| hours.filter(|hour| {
                    let hour = *hour as usize;
                    hour == 0 || hour == array.len() || array[hour] != array[hour - 1]
                });
                let before = |edge: Hour| edge.hours() < start;
                prop_assert!(timeline.edges_until(before).map(Hour::hours).eq(edges(0..start).rev()));
                prop_assert!(timeline.edges_from(before).map(Hour::hours).eq(edges(start..HOURS + 1)));
                let zeros = array.iter().enumerate().all(|(hour, free)| *free == 0 || (range_has(start, end, hour) && *free == least));
                prop_assert_eq!(timeline.is_only(sold, least) , zeros && array[start as usize..end as usize].iter().all(|free| *free == least));
            }
        }
    }

    fn range_has(start: u32, end: u32, hour: usize) -> bool {
        (start as usize..end as usize).contains(&hour)
    }

    #[test]
    fn nothing_is_free_outside_the_timeline() {
        let timeline = Timeline::flat(window(5, 10), 8);
        assert_eq!(timeline.min_over(window(4, 6)), 0);
        assert_eq!(timeline.min_over(window(9, 11)), 0);
        assert_eq!(timeline.min_over(window(5, 10)), 8);
        assert_eq!((timeline.at(Hour::from_hours(4)), timeline.at(Hour::from_hours(9))), (0, 8));
    }

    #[test]
    fn a_sale_in_the_middle_leaves_short_ends() {
        let timeline = Timeline::flat(window(0, 30), 16);
        let most = |window| timeline.most_without_remnant(window, 0, 8..=16, 8, 6);
        assert_eq!(most(window(5, 30)), 0, "five hours are left before it");
        assert_eq!(most(window(6, 30)), 16);
        assert_eq!(most(window(0, 30)), 16);
    }
}
