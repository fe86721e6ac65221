//! What operators see of the writer: its queue, its groups, and what came of each transaction.

use std::time::Duration;

use crate::{
    store::{Fault, Outcome},
    telemetry::{
        Metrics,
        instrument::{Count, Level, Spread},
        label,
    },
};

/// The instruments, each looked up once.
#[derive(Clone)]
pub(super) struct Meters {
    queue: Level,
    group: Spread,
    time: Spread,
    done: Count,
    refused: Count,
    failed: Count,
}

impl Meters {
    /// The store's instruments of `metrics`.
    pub(super) fn new(metrics: &Metrics) -> Self {
        let commits = |outcome| metrics.commits.of(&label::ByOutcome { outcome });
        Self {
            queue: metrics.commit_queue.clone(),
            group: metrics.commit_batch.clone(),
            time: metrics.commit_time.clone(),
            done: commits(label::Outcome::Done),
            refused: commits(label::Outcome::Refused),
            failed: commits(label::Outcome::Failed),
        }
    }

    /// So many transactions joined the queue.
    pub(super) fn waiting(&self, transactions: usize) {
        self.queue.shift(i64::try_from(transactions).unwrap_or(i64::MAX));
    }

    /// So many left it.
    pub(super) fn taken(&self, transactions: usize) {
        self.queue.shift(-i64::try_from(transactions).unwrap_or(i64::MAX));
    }

    /// So many were not let into it.
    pub(super) fn refused(&self, transactions: usize) {
        self.refused.add(transactions as u64);
    }

    /// What a group came to.
    pub(super) fn group(&self, outcomes: &[Outcome]) {
        let (mut done, mut refused, mut failed) = (0, 0, 0);
        for outcome in outcomes {
            match outcome {
                Ok(_) => done += 1,
                Err(Fault::Guard { .. } | Fault::Duplicate { .. }) => refused += 1,
                Err(Fault::Unavailable | Fault::Engine(_)) => failed += 1,
            }
        }
        self.done.add(done);
        self.refused.add(refused);
        self.failed.add(failed);
        self.group.size(outcomes.len());
    }

    /// How long a job took from the queue to its answer.
    pub(super) fn answered(&self, took: Duration) {
        self.time.time(took);
    }
}
