//! What was sent to a thread in the last day, so that what is sent again is recognised.
//!
//! Kept in memory, not in an index: an index over all that was ever sent would cost as much to write
//! as the records themselves. It is complete because only the holder of the thread's head appends.

use std::collections::HashMap;

use super::thread_key::Hash;

/// How long what was sent is remembered: the day that is promised, and an hour for clocks.
pub(super) const REMEMBERED_MS: i64 = 25 * 3_600_000;

/// The most that is read back of one thread, and the fewest marks worth a sweep.
pub(super) const MARKS_MAX: usize = 65_536;
const SWEEP_MIN: usize = 64;

/// Which record each mark belongs to, and when it was stored.
pub(super) struct Marks {
    seqs: HashMap<Hash, (i64, i64)>,
    sweep_at: usize,
}

impl Marks {
    /// No marks.
    pub(super) fn new() -> Self {
        Self { seqs: HashMap::new(), sweep_at: SWEEP_MIN }
    }

    /// The record with this mark.
    pub(super) fn find(&self, mark: &Hash) -> Option<i64> {
        self.seqs.get(mark).map(|(seq, _)| *seq)
    }

    /// How many are remembered.
    pub(super) fn len(&self) -> usize {
        self.seqs.len()
    }

    /// Remembers a record. What is older than a day goes whenever the number has doubled.
    pub(super) fn remember(&mut self, mark: Hash, seq: i64, at_ms: i64) {
        self.seqs.insert(mark, (seq, at_ms));
        if self.seqs.len() >= self.sweep_at {
            self.seqs.retain(|_, (_, then_ms)| *then_ms > at_ms - REMEMBERED_MS);
            self.sweep_at = SWEEP_MIN.max(2 * self.seqs.len());
        }
    }
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
        assert!(marks.len() < 2 * 25 * 60 + SWEEP_MIN, "{}", marks.len());
    }
}
