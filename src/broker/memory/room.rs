//! Room for streams: how much memory they take together, and who goes when it is too much.
//!
//! The policy is *idle first*: streams that were neither read nor published to for the longest are
//! forgotten until an eighth of the bound is free again. A stream that somebody here listens to keeps
//! its offset and its epoch and loses only its history, so that its listeners notice nothing.

use std::sync::{
    Mutex, TryLockError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::time::Instant;

use super::{Memory, lock};
use crate::{broker::stream::Stream, ids::ChannelName, telemetry::instrument::Count};

/// How much memory streams take, and may take.
pub(super) struct Room {
    max: usize,
    held: AtomicUsize,
    /// Beyond this somebody makes room. It lies above the bound when the last attempt did not get
    /// below it, lest each publication tries again in vain.
    full_at: AtomicUsize,
    /// One makes room at a time.
    turn: Mutex<()>,
    evictions: Count,
}

impl Room {
    pub(super) fn new(max: usize, evictions: Count) -> Self {
        let (held, full_at) = (AtomicUsize::new(0), AtomicUsize::new(max));
        Self { max, held, full_at, turn: Mutex::new(()), evictions }
    }

    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    pub(super) fn is_full(&self) -> bool {
        self.held() > self.full_at.load(Ordering::Relaxed)
    }

    /// Notes that what took `before` takes `after`.
    pub(super) fn changes(&self, before: usize, after: usize) {
        if after >= before {
            self.held.fetch_add(after - before, Ordering::Relaxed);
        } else {
            self.held.fetch_sub(before - after, Ordering::Relaxed);
        }
    }

    /// Lets `act` have its way with a stream, and notes what it takes then.
    pub(super) fn watch<T>(&self, stream: &mut Stream, act: impl FnOnce(&mut Stream) -> T) -> T {
        let before = stream.held();
        let done = act(stream);
        self.changes(before, stream.held());
        done
    }

    /// Says from when on there is no room.
    pub(super) fn settle(&self) {
        let held = self.held();
        let full_at = if held > self.max { held + self.spare() } else { self.max };
        self.full_at.store(full_at, Ordering::Relaxed);
    }

    fn spare(&self) -> usize {
        self.max / 8
    }
}

impl Memory {
    /// Forgets what was left alone for the longest, until there is room to spare.
    pub(super) fn make_room(&self) {
        let _turn = match self.room.turn.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::Poisoned(turn)) => turn.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if let Some(newest) = self.newest_to_go() {
            for shard in &self.shards {
                self.forget(&mut lock(shard), |channel, stream| {
                    stream.touched_at() <= newest && self.evict(channel, stream)
                });
            }
        }
        self.room.settle();
    }

    /// Takes from a stream what it need not keep; `true` when that is all.
    fn evict(&self, channel: &ChannelName, stream: &mut Stream) -> bool {
        let before = stream.held();
        stream.clear();
        let is_over = !self.is_occupied(channel);
        if is_over || stream.held() < before {
            self.room.evictions.one();
        }
        is_over
    }

    /// When the last of those was touched that have to go; `None` when nobody has to.
    fn newest_to_go(&self) -> Option<Instant> {
        let mut streams = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            streams.extend(shard.streams.values().map(|one| (one.touched_at(), one.held())));
        }
        streams.sort_unstable();
        let mut over = self.room.held().saturating_sub(self.room.max - self.room.spare());
        let goes = |(_, held): &(Instant, usize)| {
            let goes = over > 0;
            over = over.saturating_sub(*held);
            goes
        };
        streams.into_iter().take_while(goes).last().map(|(touched_at, _)| touched_at)
    }
}
