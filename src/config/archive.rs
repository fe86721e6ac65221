//! `[archive]`: how many records may wait to be stored, and how many threads are kept at hand.

use serde::{Deserialize, Serialize};

use super::fault::Wrong;

/// The `[archive]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Archive {
    /// How many tasks number and seal records; each thread belongs to one of them.
    pub lanes: usize,
    /// How many drafts may wait in one lane; more are refused as `unavailable`.
    pub queue_max: usize,
    /// How many threads all lanes together keep at hand, with their keys and what was sent in the
    /// last day: about 1 KiB for a thread of 20 messages.
    pub heads_max: usize,
    /// How many records one thread takes within 25 hours, the time for which what was sent is
    /// remembered; a message beyond is answered `rate_limited`. Turns of a session, confirmations
    /// and recalls have as much again.
    pub thread_day_max: usize,
}

impl Default for Archive {
    fn default() -> Self {
        Self { lanes: 1, queue_max: 8_192, heads_max: 16_384, thread_day_max: 65_536 }
    }
}

impl Archive {
    /// Refuses what could never store anything.
    pub(super) fn check(&self) -> Vec<Wrong> {
        Wrong::zeros([
            ("lanes", self.lanes),
            ("queue_max", self.queue_max),
            ("thread_day_max", self.thread_day_max),
        ])
    }
}
