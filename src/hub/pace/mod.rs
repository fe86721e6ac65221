//! How fast a channel's publications leave: at once while that is cheap, gathered when it is not.
//!
//! A write to a socket costs the same however little is in it, so what a busy channel publishes
//! within a tick leaves in one frame a reader. The first after a quiet tick never waits, nor does one
//! that comes so long after the last that waiting would hardly gather anything.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::Instant;

use crate::{broker::Announcement, protocol::publication::Publication};

/// So many publications leave together at most; then they do so before the tick ends.
const BATCH_MAX: usize = 256;

/// So many bytes of payload leave together at most.
const BATCH_BYTES_MAX: usize = 64 * 1_024;

/// How a channel's publications leave.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// So many deliveries a second leave one by one; above it, publications are gathered.
    pub single_max: u32,
    /// How far apart gathered publications leave.
    pub tick: Duration,
}

/// What a paced channel gathers.
#[derive(Debug)]
pub(super) struct Gathering {
    /// How many deliveries may leave one by one now; below 0 after one to very many readers.
    credit: i64,
    credited_at: Instant,
    came_at: Option<Instant>,
    left_at: Option<Instant>,
    waiting: Vec<Announcement>,
    bytes: usize,
    /// How many have left or wait, since it began.
    count: u64,
}

/// What becomes of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It leaves now, with whatever waits.
    Now,
    /// It waits for others; the tick that it begins ends then.
    Begins(Instant),
    /// It waits for a tick that others began.
    Waits,
}

impl Gathering {
    pub(super) fn new(now: Instant, pace: Pace) -> Self {
        Self {
            credit: i64::from(pace.single_max),
            credited_at: now,
            came_at: None,
            left_at: None,
            waiting: Vec::new(),
            bytes: 0,
            count: 0,
        }
    }

    /// How many have left or wait.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Whether something waits.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes a publication of `bytes` for `readers` in.
    pub(super) fn take(
        &mut self,
        publication: Announcement,
        (bytes, readers): (usize, usize),
        pace: Pace,
    ) -> Turn {
        let now = Instant::now();
        let came_at = self.came_at.replace(now);
        self.waiting.push(publication);
        self.count += 1;
        self.bytes += bytes;
        if self.waiting.len() > 1 {
            let is_full = self.waiting.len() >= BATCH_MAX || self.bytes >= BATCH_BYTES_MAX;
            return if is_full { Turn::Now } else { Turn::Waits };
        }
        if self.may_leave_alone(now, readers, pace.single_max) {
            return Turn::Now;
        }
        let has_company = came_at.is_some_and(|came_at| now - came_at < pace.tick / 2);
        match self.left_at.map(|left_at| left_at + pace.tick) {
            Some(due) if due > now && has_company => Turn::Begins(due),
            _ => Turn::Now,
        }
    }

    /// Puts `data` in the place of what the publication at `offset` says, if it still waits.
    pub(super) fn redact(&mut self, offset: u64, data: &Bytes) {
        for waiting in &mut self.waiting {
            if let Announcement::Publication { publication, .. } = waiting
                && publication.offset == offset
            {
                let epoch = publication.epoch.clone();
                let data = data.clone();
                *publication =
                    Arc::new(Publication { offset, epoch, data, ..Publication::default() });
            }
        }
    }

    /// What waited, to be delivered now, and the number of the first of it.
    pub(super) fn release(&mut self) -> (Vec<Announcement>, u64) {
        self.left_at = Some(Instant::now());
        self.bytes = 0;
        let waiting = std::mem::take(&mut self.waiting);
        let first = self.count - waiting.len() as u64;
        (waiting, first)
    }

    /// Pays for a delivery to each of `readers` out of what a second allows.
    fn may_leave_alone(&mut self, now: Instant, readers: usize, single_max: u32) -> bool {
        let since_ms = now.duration_since(self.credited_at).as_millis();
        let earned = i64::try_from(since_ms).unwrap_or(i64::MAX).saturating_mul(single_max.into());
        if earned >= 1_000 {
            self.credited_at = now;
            self.credit = self.credit.saturating_add(earned / 1_000).min(single_max.into());
        }
        let may = self.credit > 0;
        if may {
            self.credit -= i64::try_from(readers).unwrap_or(i64::MAX);
        }
        may
    }
}

#[cfg(test)]
mod tests;
