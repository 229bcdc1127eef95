//! A lot's free hours in outline: enough to pass over most lots that cannot carry a window without a look at their timeline.

use crate::{Timeline, Window};

/// The hours that share a bit: two weeks and a bit. 256 of them are longer than the longest window.
const HOURS_PER_BIT: u32 = 343;
const BITS: u32 = 256;

/// One bit for every stretch of [`HOURS_PER_BIT`] hours, used in turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Bits([u64; 4]);

impl Bits {
    fn set(&mut self, first: u32, last: u32) {
        for stretch in (first..=last).take(BITS as usize) {
            let bit = stretch % BITS;
            self.0[(bit / 64) as usize] |= 1 << (bit % 64);
        }
    }

    fn covers(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).all(|(own, other)| other & !own == 0)
    }
}

/// Where a timeline has something free.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Outline {
    /// Some hour of the stretch is free.
    partly: Bits,
    /// Every hour of the stretch is free.
    wholly: Bits,
}

/// A window in the same stretches: what an [`Outline`] must have to carry it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WindowOutline {
    touched: Bits,
    filled: Bits,
}

impl Outline {
    /// Of the hours in which `timeline` has at least `gpus`.
    pub fn of(timeline: &Timeline, gpus: u32) -> Self {
        let mut outline = Self::default();
        for run in timeline.runs(gpus) {
            let window = WindowOutline::of(run);
            for (bits, more) in [(&mut outline.partly, window.touched), (&mut outline.wholly, window.filled)] {
                bits.0.iter_mut().zip(more.0).for_each(|(bits, more)| *bits |= more);
            }
        }
        outline
    }

    /// Whether the timeline may carry the window; false is certain.
    pub fn may_carry(&self, window: &WindowOutline) -> bool {
        self.partly.covers(&window.touched) && self.wholly.covers(&window.filled)
    }
}

impl WindowOutline {
    pub fn of(window: Window) -> Self {
        let (start, end) = (window.start().hours(), window.end().hours());
        let (mut touched, mut filled) = (Bits::default(), Bits::default());
        touched.set(start / HOURS_PER_BIT, (end - 1) / HOURS_PER_BIT);
        let (first, past) = (start.div_ceil(HOURS_PER_BIT), end / HOURS_PER_BIT);
        if first < past {
            filled.set(first, past - 1);
        }
        Self { touched, filled }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hour;
    use proptest::prelude::*;

    const HOURS: u32 = 4_000;

    proptest! {
        /// What a timeline can carry, its outline lets through; a stretch that is sold is seen.
        #[test]
        fn never_turns_away_what_fits(
            from in 0..1_000_000u32,
            sales in prop::collection::vec((0..HOURS, 1..900u32), 0..12),
            (start, hours) in (0..HOURS, 1..2_000u32),
        ) {
            let window = |start: u32, hours: u32| {
                let end = (start + hours).min(HOURS);
                Window::new(Hour::from_hours(from + start.min(end - 1)), Hour::from_hours(from + end)).expect("a window")
            };
            let mut timeline = Timeline::flat(window(0, HOURS), 8);
            for (start, hours) in sales {
                if timeline.min_over(window(start, hours)) > 0 {
                    timeline.take(window(start, hours), 8);
                }
            }
            let outline = Outline::of(&timeline, 8);
            let wanted = window(start, hours);
            if timeline.min_over(wanted) >= 8 {
                prop_assert!(outline.may_carry(&WindowOutline::of(wanted)));
            }
            if timeline.runs(8).all(|run| !run.overlaps(wanted)) && wanted.hours() >= 2 * HOURS_PER_BIT {
                prop_assert!(!outline.may_carry(&WindowOutline::of(wanted)));
            }
        }
    }
}
