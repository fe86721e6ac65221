//! `[hub]`: mailboxes, streams and the threads that write to many.

use serde::{Deserialize, Serialize};

use super::{
    fault::Wrong,
    value::{Size, Span},
};

/// The `[hub]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hub {
    /// How much one connection's mailbox holds before the reader counts as slow (close 3008); each
    /// message counts 64 bytes beside its own.
    pub mailbox_max: Size,
    /// How long a reader may take nothing at all before it counts as slow (close 3008).
    pub mailbox_age_max: Span,
    /// Threads that write publications to many connections; 0 for one a core.
    pub flusher_threads: usize,
    /// How far apart the gathered publications of a busy channel leave (`gather_above`).
    pub tick: Span,
    /// How far apart they leave at most, when the writers are behind.
    pub tick_max: Span,
    /// How long a stream without publications keeps its epoch and offset after its history went.
    pub stream_idle_ttl: Span,
    /// How much memory all streams may take; beyond, those left alone for the longest are forgotten.
    pub streams_max: Size,
    /// How long an `idempotency_key` of the server API is remembered.
    pub idempotency_ttl: Span,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            mailbox_max: Size::kib(1_024),
            mailbox_age_max: Span::seconds(10),
            flusher_threads: 0,
            tick: Span::milliseconds(100),
            tick_max: Span::milliseconds(500),
            stream_idle_ttl: Span::seconds(3_600),
            streams_max: Size::kib(256 * 1_024),
            idempotency_ttl: Span::seconds(300),
        }
    }
}

impl Hub {
    /// Refuses mailboxes and streams that hold nothing, and patience that is over at once.
    pub(super) fn check(&self) -> Vec<Wrong> {
        let bounds = [("mailbox_max", self.mailbox_max.0), ("streams_max", self.streams_max.0)];
        let mut wrong = Wrong::zeros(bounds);
        if self.mailbox_age_max < Span::seconds(1) {
            wrong.push(Wrong::new("mailbox_age_max", "must be at least 1s"));
        }
        if self.tick < Span::milliseconds(10) || self.tick > Span::seconds(2) {
            wrong.push(Wrong::new("tick", "must be from 10ms to 2s"));
        }
        if self.tick_max < self.tick || self.tick_max > Span::seconds(10) {
            wrong.push(Wrong::new("tick_max", "must be from `tick` to 10s"));
        }
        wrong
    }
}
