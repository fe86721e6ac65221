//! What the talkers of a run count together.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

use crate::{latency::Latency, report::Report};

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not everybody is in: nobody talks, and everybody keeps their connection alive.
    Waiting,
    /// Everybody talks.
    Talking,
    /// Nobody begins another message.
    Over,
}

/// One for all talkers of a run.
#[derive(Debug)]
pub(crate) struct Tally {
    acknowledged: AtomicU64,
    heard: AtomicU64,
    phase: watch::Sender<Phase>,
    latencies: Mutex<Latencies>,
}

/// How long it took from when a message was due.
#[derive(Debug)]
struct Latencies {
    to_acknowledgement: Latency,
    to_the_other_side: Latency,
}

impl Latencies {
    fn new() -> Self {
        Self { to_acknowledgement: Latency::new(), to_the_other_side: Latency::new() }
    }
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            acknowledged: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            phase: watch::Sender::new(Phase::Waiting),
            latencies: Mutex::new(Latencies::new()),
        }
    }

    /// Counts messages: acknowledged to their authors after `answered`, heard after `heard`.
    pub(crate) fn count(&self, answered: &[Duration], heard: &[Duration]) {
        self.acknowledged.fetch_add(answered.len() as u64, Ordering::Relaxed);
        self.heard.fetch_add(heard.len() as u64, Ordering::Relaxed);
        let mut latencies = self.latencies();
        answered.iter().for_each(|took| latencies.to_acknowledgement.record(*took));
        heard.iter().for_each(|took| latencies.to_the_other_side.record(*took));
    }

    /// How many messages were acknowledged so far.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Forgets latencies so far: the warm-up is over.
    pub(crate) fn forget_latencies(&self) {
        *self.latencies() = Latencies::new();
    }

    /// Lets the run come to its next phase.
    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// Tells of each phase as it comes.
    pub(crate) fn phases(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Sets how many of the acknowledged messages nobody heard, and both latencies.
    pub(crate) fn report(&self, report: &mut Report) {
        let heard = self.heard.load(Ordering::Relaxed);
        report.set("unheard", self.acknowledged() as f64 - heard as f64);
        let latencies = self.latencies();
        let names = ["ack_p50_ms", "ack_p99_ms", "ack_p999_ms", "ack_max_ms"];
        latencies.to_acknowledgement.report_as(report, names);
        report.set_latency(&latencies.to_the_other_side);
    }

    fn latencies(&self) -> MutexGuard<'_, Latencies> {
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
