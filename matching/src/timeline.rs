//! A timeline: a count of GPUs for every hour of a window.

use serde::Serialize;

use crate::{Hour, Window};

/// GPUs per hour over a window, as a step function.
///
/// A lot's residual timeline says how many GPUs are still free in each hour; an ask's says how many it may still sell.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Timeline {
    /// Where each step begins and its height; the first begins with the window, neighbours differ in height.
    steps: Vec<(Hour, u32)>,
    end: Hour,
}

impl Timeline {
    /// `gpus` in every hour of `window`.
    pub fn flat(window: Window, gpus: u32) -> Self {
        Self { steps: vec![(window.start(), gpus)], end: window.end() }
    }

    /// The fewest GPUs in any hour of `window`; none where the window leaves the timeline.
    pub fn min_over(&self, window: Window) -> u32 {
        if window.start() < self.steps[0].0 || self.end < window.end() {
            return 0;
        }
        let first = self.step_at(window.start());
        let within = self.steps[first..].iter().take_while(|(start, _)| *start < window.end());
        within.map(|(_, gpus)| *gpus).min().unwrap_or(0)
    }

    /// The most GPUs in any hour.
    pub fn max(&self) -> u32 {
        self.steps.iter().map(|(_, gpus)| *gpus).max().unwrap_or(0)
    }

    /// The fewest GPUs in any hour.
    pub fn min(&self) -> u32 {
        self.steps.iter().map(|(_, gpus)| *gpus).min().unwrap_or(0)
    }

    /// Takes `gpus` away in every hour of `window`, which the caller knows to have them.
    pub fn take(&mut self, window: Window, gpus: u32) {
        debug_assert!(self.min_over(window) >= gpus, "{gpus} GPUs over {window} are not there");
        self.change(window, |free| free.saturating_sub(gpus));
    }

    /// The steps: a window and the GPUs in each of its hours, in order, together the whole timeline.
    pub fn steps(&self) -> impl Iterator<Item = (Window, u32)> + '_ {
        let ends = self.steps.iter().skip(1).map(|(start, _)| *start).chain(std::iter::once(self.end));
        self.steps.iter().zip(ends).filter_map(|((start, gpus), end)| Some((Window::new(*start, end).ok()?, *gpus)))
    }

    /// The index of the step that contains `hour`.
    fn step_at(&self, hour: Hour) -> usize {
        self.steps.partition_point(|(start, _)| *start <= hour).saturating_sub(1)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOURS: u32 = 40;
    const GPUS: u32 = 64;

    fn window(start: u32, end: u32) -> Window {
        Window::new(Hour::from_hours(start), Hour::from_hours(end)).expect("a window")
    }

    proptest! {
        /// The timeline equals a plain array of hours under any sequence of sales.
        #[test]
        fn equals_an_array_of_hours(sales in prop::collection::vec((0..HOURS, 1..=HOURS, 1..=GPUS), 0..40)) {
            let mut timeline = Timeline::flat(window(0, HOURS), GPUS);
            let mut array = [GPUS; HOURS as usize];
            for (start, length, gpus) in sales {
                let end = (start + length).min(HOURS);
                let sold = window(start, end);
                let hours = &mut array[start as usize..end as usize];
                let least = hours.iter().copied().min().unwrap_or(0);
                prop_assert_eq!(timeline.min_over(sold), least);
                if gpus <= least {
                    for free in hours {
                        *free -= gpus;
                    }
                    timeline.take(sold, gpus);
                }
                let listed: Vec<u32> =
                    timeline.steps().flat_map(|(step, free)| std::iter::repeat_n(free, step.hours() as usize)).collect();
                prop_assert_eq!(&listed[..], &array[..]);
                let heights: Vec<u32> = timeline.steps().map(|(_, free)| free).collect();
                prop_assert!(heights.windows(2).all(|pair| pair[0] != pair[1]), "neighbouring steps differ");
            }
        }
    }

    #[test]
    fn nothing_is_free_outside_the_timeline() {
        let timeline = Timeline::flat(window(5, 10), 8);
        assert_eq!(timeline.min_over(window(4, 6)), 0);
        assert_eq!(timeline.min_over(window(9, 11)), 0);
        assert_eq!(timeline.min_over(window(5, 10)), 8);
    }
}
