//! Remnants: which sales leave no free run that is too short to sell.
//!
//! A sale lowers the timeline over its window and leaves the rest. A run that it makes ends at a lower hour within the
//! window, on one side at least, for else the same run was there before. Three kinds are told apart:
//!
//! - Both ends within the window: a step between two lower ones. It is new whatever the quantity is.
//! - The end within the window, the start outside or where the window starts; and the other way round. Whether it is a
//!   run, and new, depends on how far the sale lowers one side against the other: each end within the window refuses
//!   one range of quantities.

use std::ops::RangeInclusive;

use ledger::exact;
use smallvec::SmallVec;

use super::Timeline;
use crate::hours::{Hour, Window};

/// Hour, looking away from a place, that is lower than all hours before it.
#[derive(Clone, Copy)]
struct Stair {
    /// Number of hours between the place and this one.
    hours: u32,
    /// Fewest GPUs in any of them; [`i64::MAX`] when there are none.
    least: i64,
    /// Number of GPUs in this hour.
    next: i64,
}

type Stairs = SmallVec<[Stair; 8]>;

/// Ranges of quantities that are refused: above the first and below the second.
type Refused = SmallVec<[(i64, i64); 8]>;

impl Timeline {
    /// Returns the most GPUs among `quantities`, a whole multiple of `unit`, whose sale over `window` leaves, for no
    /// number of GPUs, a free run shorter than `hours_min` that was not there before; 0 when there are none.
    ///
    /// `taken` GPUs are spoken for in every hour of `window`. The caller knows that every hour has them and
    /// `quantities` besides.
    pub fn most_without_remnant(
        &self,
        window: Window,
        taken: u32,
        quantities: RangeInclusive<u32>,
        unit: u32,
        hours_min: u32,
    ) -> u32 {
        let (least, most) = (*quantities.start(), quantities.end() - quantities.end() % unit);
        if hours_min <= 1 || most < least {
            return if most < least { 0 } else { most };
        }
        if self.has_bump_within(window, hours_min) {
            return 0;
        }
        let refused = self.refused(window, taken, hours_min);
        let mut sold = i64::from(most);
        // By their ends, the last first: what has once been passed does not come back.
        for (above, below) in refused {
            if above < sold && sold < below {
                sold = above - above.rem_euclid(i64::from(unit));
            }
            if sold < i64::from(least) {
                return 0;
            }
        }
        exact(sold)
    }

    /// Returns whether a step shorter than `hours_min` stands between two lower ones within a window.
    fn has_bump_within(&self, window: Window, hours_min: u32) -> bool {
        let first = self.step_at(window.start());
        let past = self.steps.partition_point(|(start, _)| *start < window.end());
        self.steps[first..past].windows(3).any(|steps| {
            let [(_, before), (start, height), (end, after)] = [steps[0], steps[1], steps[2]];
            before < height && after < height && end.hours() - start.hours() < hours_min
        })
    }

    /// Lists the quantities that leave a short run on one side of the window or the other, by where they end, the last
    /// first.
    fn refused(&self, window: Window, taken: u32, hours_min: u32) -> Refused {
        let whole = self.window();
        let before = self.between(whole.start(), window.start());
        let within = self.between(window.start(), window.end());
        let within = within.map(|(hours, free)| (hours, free - i64::from(taken)));
        let behind = self.between(window.end(), whole.end());
        let mut refused = Refused::new();
        refuse(
            &stairs(before.rev(), Some(0), hours_min),
            &stairs(within.clone(), None, hours_min),
            hours_min,
            &mut refused,
        );
        refuse(&stairs(behind, Some(0), hours_min), &stairs(within.rev(), None, hours_min), hours_min, &mut refused);
        refused.sort_unstable_by_key(|(_, below)| std::cmp::Reverse(*below));
        refused
    }

    /// Iterates over the steps between two hours: the number of hours and the GPUs in each.
    fn between(&self, from: Hour, to: Hour) -> impl DoubleEndedIterator<Item = (u32, i64)> + Clone + '_ {
        let past = self.steps.partition_point(|(start, _)| *start < to);
        let first = if from < to { self.step_at(from) } else { past };
        (first..past).map(move |index| {
            let (start, gpus) = self.steps[index];
            let end = self.steps.get(index + 1).map_or(self.end, |(next, _)| *next);
            (end.min(to).hours() - start.max(from).hours(), i64::from(gpus))
        })
    }
}

/// Finds the stairs down from a place, nearer than `hours_max`: `steps` lead away from it, `beyond` is behind the last
/// of them.
fn stairs(steps: impl Iterator<Item = (u32, i64)>, beyond: Option<i64>, hours_max: u32) -> Stairs {
    let mut stairs = Stairs::new();
    let (mut hours, mut least) = (0, i64::MAX);
    for (length, next) in steps.chain(beyond.map(|next| (0, next))) {
        if hours >= hours_max {
            break;
        }
        if next < least {
            stairs.push(Stair { hours, least, next });
            least = next;
        }
        hours += length;
    }
    stairs
}

/// Adds the quantities for which a new run shorter than `hours_min` ends at one of the stairs inside the window.
///
/// From a stair outside to one inside it is a run if both ends are lower than all between them, and new if the end
/// inside was the higher one. Stairs outside that follow each other refuse ranges that do so too, so that they make
/// one.
fn refuse(outside: &[Stair], inside: &[Stair], hours_min: u32, refused: &mut Refused) {
    for (at, end) in inside.iter().enumerate() {
        let lower = outside.partition_point(|start| start.next >= end.next);
        // With the boundary at both ends it has no hour.
        let first = lower.max(usize::from(at == 0));
        let past = outside.partition_point(|start| start.hours + end.hours < hours_min);
        if first < past {
            refused.push((end.next - outside[first].least, end.least - outside[past - 1].next));
        }
    }
}
