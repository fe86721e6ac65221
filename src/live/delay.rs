//! Comments on their way to the viewers of a room that shows them later than to its staff.
//!
//! Bounded; when it is full, the oldest leaves early. What is removed meanwhile never leaves.

use std::collections::VecDeque;

use bytes::Bytes;
use tokio::time::Instant;

use super::permit::Voice;
use crate::ids::CommentId;

/// How many comments wait in one room: six seconds of forty, and as many of staff and bursts again.
const WAITING_MAX: usize = 512;
/// How many removals are remembered, lest one overtakes its comment.
const GONE_MAX: usize = 512;

/// A comment, ready to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parcel {
    pub(super) id: CommentId,
    pub(super) posted_at: i64,
    /// Who speaks; `None` when staff want it shown, whoever does.
    pub(super) voice: Option<Voice>,
    pub(super) data: Bytes,
}

/// What is to be done with a comment that is handed in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Handed {
    /// It need not wait: publish it.
    Now(Parcel),
    /// It waits, and somebody sees to it.
    Waits,
    /// It waits, and somebody must see to what waits; the other one leaves early.
    Begins,
    /// It waits, and this one leaves early.
    Hastens(Parcel),
}

/// The comments of one room that wait.
#[derive(Debug, Default)]
pub(super) struct Delayed {
    waiting: VecDeque<(Instant, Parcel)>,
    /// Whether somebody sees to what waits.
    is_seen_to: bool,
    gone: VecDeque<CommentId>,
}

impl Delayed {
    /// A comment is to be published at `due`, and after all that wait.
    pub(super) fn hand(&mut self, parcel: Parcel, due: Instant, now: Instant) -> Handed {
        if due <= now && !self.is_seen_to {
            return Handed::Now(parcel);
        }
        let due = self.waiting.back().map_or(due, |(last, _)| due.max(*last));
        self.waiting.push_back((due, parcel));
        if !std::mem::replace(&mut self.is_seen_to, true) {
            return Handed::Begins;
        }
        match self.waiting.len() > WAITING_MAX {
            true => self.waiting.pop_front().map_or(Handed::Waits, |(_, it)| Handed::Hastens(it)),
            false => Handed::Waits,
        }
    }

    /// When the next one is due; `None` when nothing waits, and nobody need see to it any more.
    pub(super) fn next(&mut self) -> Option<Instant> {
        let next = self.waiting.front().map(|(due, _)| *due);
        self.is_seen_to = next.is_some();
        next
    }

    /// The next one that is due at `now`.
    pub(super) fn take(&mut self, now: Instant) -> Option<Parcel> {
        let is_due = self.waiting.front().is_some_and(|(due, _)| *due <= now);
        if is_due { self.waiting.pop_front().map(|(_, parcel)| parcel) } else { None }
    }

    /// Comments were removed: those that wait never leave.
    pub(super) fn withdraw(&mut self, ids: &[CommentId]) {
        self.waiting.retain(|(_, parcel)| !ids.contains(&parcel.id));
        self.gone.extend(ids.iter().cloned());
        let surplus = self.gone.len().saturating_sub(GONE_MAX);
        self.gone.drain(..surplus);
    }

    /// Whether a comment was removed a moment ago.
    pub(super) fn is_gone(&self, id: &CommentId) -> bool {
        self.gone.contains(id)
    }

    /// Nothing that waits leaves any more.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Whether something waits, or is on its way.
    pub(super) fn is_busy(&self) -> bool {
        self.is_seen_to
    }
}
