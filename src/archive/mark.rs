//! What was sent to a thread in the last day, so that what is sent again is recognised.
//!
//! Kept in memory, not in an index: an index over all that was ever sent would cost as much to write
//! as the records themselves. It is complete because only the holder of the thread's head appends.

use std::collections::{BTreeMap, HashMap};

use super::thread_key::Hash;

/// How long what was sent is remembered: the day that is promised, and an hour for clocks.
pub(super) const REMEMBERED_MS: i64 = 25 * 3_600_000;

/// The fewest marks worth a sweep.
const SWEEP_MIN: usize = 64;

const HOUR_MS: i64 = 3_600_000;

/// Which record each mark belongs to, and when it was stored; and how many records the thread took.
///
/// A thread takes no more within the time than can be read back, so that what is read back is all.
pub(super) struct Marks {
    seqs: HashMap<Hash, (i64, i64)>,
    sweep_at: usize,
    /// How many records, with marks and without, by the hour.
    hours: BTreeMap<i64, usize>,
}

impl Marks {
    /// No marks.
    pub(super) fn new() -> Self {
        Self { seqs: HashMap::new(), sweep_at: SWEEP_MIN, hours: BTreeMap::new() }
    }

    /// The record with this mark.
    pub(super) fn find(&self, mark: &Hash) -> Option<i64> {
        self.seqs.get(mark).map(|(seq, _)| *seq)
    }

    /// Remembers a record. What is older than a day goes whenever the number has doubled.
    pub(super) fn remember(&mut self, mark: Hash, seq: i64, at_ms: i64) {
        self.seqs.insert(mark, (seq, at_ms));
        if self.seqs.len() >= self.sweep_at {
            self.seqs.retain(|_, (_, then_ms)| *then_ms > at_ms - REMEMBERED_MS);
            self.sweep_at = SWEEP_MIN.max(2 * self.seqs.len());
        }
    }

    /// Counts `records` that were stored together.
    pub(super) fn count(&mut self, records: usize, at_ms: i64) {
        let hour = hour_of(at_ms);
        if !self.hours.contains_key(&hour) {
            let first = hour_of(at_ms - REMEMBERED_MS);
            self.hours.retain(|hour, _| *hour >= first);
        }
        *self.hours.entry(hour).or_default() += records;
    }

    /// How long a thread that may take `records_max` must wait until it takes one more: until the
    /// first hour that counts is over for all who sent in it.
    pub(super) fn full_for_ms(&self, records_max: usize, now_ms: i64) -> Option<i64> {
        let counted = self.hours.range(hour_of(now_ms - REMEMBERED_MS)..);
        let (first, _) = counted.clone().next()?;
        let is_full = counted.map(|(_, records)| records).sum::<usize>() >= records_max;
        is_full.then(|| (first + 1) * HOUR_MS + REMEMBERED_MS - now_ms)
    }
}

fn hour_of(at_ms: i64) -> i64 {
    at_ms.div_euclid(HOUR_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(number: i64) -> Hash {
        i128::from(number).to_be_bytes()
    }

    #[test]
    fn a_day_is_remembered_and_older_marks_make_room() {
        let mut marks = Marks::new();
        let minute = 60_000;
        for number in 0..10_000 {
            marks.remember(mark(number), number, number * minute);
            for age in [0, 1, 24 * 60] {
                let earlier = number - age;
                assert_eq!(marks.find(&mark(earlier)), (earlier >= 0).then_some(earlier));
            }
        }
        assert!(marks.seqs.len() < 2 * 25 * 60 + SWEEP_MIN, "{}", marks.seqs.len());
    }

    #[test]
    fn a_thread_is_full_until_its_first_hour_is_forgotten() {
        let mut marks = Marks::new();
        assert_eq!(marks.full_for_ms(3, 0), None);
        marks.count(2, HOUR_MS - 1);
        marks.count(1, HOUR_MS);
        assert_eq!(marks.full_for_ms(4, HOUR_MS), None);
        assert_eq!(marks.full_for_ms(3, HOUR_MS), Some(REMEMBERED_MS));
        assert_eq!(marks.full_for_ms(3, HOUR_MS + REMEMBERED_MS - 1), Some(1));
        assert_eq!(marks.full_for_ms(3, HOUR_MS + REMEMBERED_MS), None);
        for hour in 0..1_000 {
            marks.count(1, hour * HOUR_MS);
            assert!(marks.hours.len() <= 27);
        }
    }
}
