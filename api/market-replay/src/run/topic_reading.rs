//! What was read of the events' topic.

use std::collections::{BTreeMap, BTreeSet};

/// Records of one cluster, by the sequence of their events.
#[derive(Clone, Debug, Default)]
pub(super) struct TopicReading {
    seen: BTreeSet<u64>,
    /// By partition: the offset to read next, and the last sequence.
    partitions: BTreeMap<i32, (i64, u64)>,
    /// Records whose event had been read before.
    pub(super) duplicates: u64,
    /// Records that come after one of a later event in their partition.
    pub(super) out_of_order: u64,
    /// Records without a `ce_sequence` that is a number.
    pub(super) malformed: u64,
    /// Offsets that the broker had dropped before they could be read.
    pub(super) dropped: u64,
    /// The last thing that went wrong, until something is read again.
    pub(super) trouble: Option<String>,
}

impl TopicReading {
    /// Takes in one record.
    pub(super) fn add(&mut self, partition: i32, offset: i64, sequence: Option<u64>) {
        self.trouble = None;
        let (next, last) = self.partitions.entry(partition).or_default();
        *next = offset + 1;
        let Some(sequence) = sequence else {
            self.malformed += 1;
            return;
        };
        if !self.seen.insert(sequence) {
            self.duplicates += 1;
        } else if sequence < *last {
            self.out_of_order += 1;
        }
        *last = (*last).max(sequence);
    }

    /// The offset after the last one read.
    pub(super) fn next_offset(&self, partition: i32) -> Option<i64> {
        self.partitions.get(&partition).map(|&(next, _)| next)
    }

    pub(super) fn partitions(&self) -> usize {
        self.partitions.len()
    }

    /// Distinct events up to `head`.
    pub(super) fn distinct(&self, head: u64) -> usize {
        self.seen.range(..=head).count()
    }

    /// Of these events, those that were not read.
    pub(super) fn missing<'a>(&'a self, events: impl Iterator<Item = &'a u64>) -> Vec<u64> {
        events.filter(|sequence| !self.seen.contains(sequence)).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_and_displaced_records_are_told_apart() {
        let mut reading = TopicReading::default();
        for (partition, offset, sequence) in [(0, 0, 1), (1, 0, 2), (0, 1, 4), (0, 2, 3), (1, 1, 2), (1, 2, 5)] {
            reading.add(partition, offset, Some(sequence));
        }
        reading.add(1, 3, None);
        assert_eq!((reading.duplicates, reading.out_of_order, reading.malformed), (1, 1, 1));
        assert_eq!((reading.distinct(5), reading.distinct(3), reading.partitions()), (5, 3, 2));
        assert_eq!(reading.missing([1, 2, 6].iter()), [6]);
        assert_eq!((reading.next_offset(0), reading.next_offset(1), reading.next_offset(2)), (Some(3), Some(4), None));
    }
}
