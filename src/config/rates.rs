//! `[rates]`: how often one user may call operations, and how long and how many may run.

use serde::{Deserialize, Serialize};

use super::{fault::Wrong, value::Span};

/// A bucket: how fast it fills, and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Calls a second, on average; 0 sets no limit.
    pub per_second: u32,
    /// Calls at once.
    pub burst: u32,
}

/// The `[rates]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rates {
    /// How many buckets are kept; users beyond them are refused until one is full again.
    pub buckets_max: usize,
    /// How long an operation may run before its caller is told that its outcome is unknown.
    pub timeout: Span,
    /// How many operations may run at once; more are refused as unavailable.
    pub running_max: usize,
    /// Questions that cost a query.
    pub read: Bucket,
    /// Changes of state.
    pub write: Bucket,
    /// Messages to people.
    pub send: Bucket,
    /// Signals that nobody stores.
    pub signal: Bucket,
    /// Files.
    pub upload: Bucket,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            read: Bucket { per_second: 100, burst: 200 },
            write: Bucket { per_second: 50, burst: 100 },
            send: Bucket { per_second: 200, burst: 400 },
            signal: Bucket { per_second: 20, burst: 40 },
            upload: Bucket { per_second: 1, burst: 20 },
            buckets_max: 1_000_000,
            timeout: Span::seconds(10),
            running_max: 8_192,
        }
    }
}

impl Rates {
    /// Refuses what would let no operation run at all.
    pub(super) fn check(&self) -> Vec<Wrong> {
        let must_be_positive = [
            ("buckets_max", self.buckets_max == 0),
            ("timeout", self.timeout.0.is_zero()),
            ("running_max", self.running_max == 0),
        ];
        let wrong = must_be_positive.into_iter().filter(|(_, is_zero)| *is_zero);
        wrong.map(|(key, _)| Wrong::new(key, "0 would refuse every operation")).collect()
    }
}
