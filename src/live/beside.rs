//! Comments that were shown and wait to be archived, where `live.durable` is off.
//!
//! Bounded in number and in time: when the queue is full, or storing falls behind by `live.lag_max`,
//! comments wait before they are shown. So a crash loses what was shown in that time at most.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    archive::{Appended, Archive, Draft, Fault},
    config,
    telemetry::{
        Metrics,
        instrument::{Count, Level},
    },
};

/// How many comments are stored together.
const BATCH_MAX: usize = 256;
/// How long a comment waits for storing to catch up before its author is refused, in `live.lag_max`.
const PATIENCE: u32 = 4;
/// How long the archive is left alone after it took nothing.
const PAUSE: Duration = Duration::from_millis(50);
/// How often it is tried again when the house closes.
const LAST_TRIES: usize = 20;

enum Load {
    Comment(Box<Draft>),
    /// Somebody wants to know when all that came before is stored.
    Mark(oneshot::Sender<()>),
}

/// Storing has fallen behind: nothing may be shown now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Behind;

/// The queue's near end.
pub(super) struct Beside {
    queue: mpsc::Sender<Load>,
    is_behind: watch::Receiver<bool>,
    patience: Duration,
    waiting: Level,
}

/// The queue's far end: one task.
struct Writer {
    archive: Archive,
    inbox: mpsc::Receiver<Load>,
    is_behind: watch::Sender<bool>,
    lag_max: Duration,
    stop: CancellationToken,
    waiting: Level,
    stalls: Count,
}

impl Beside {
    /// A queue into `archive`, whose task belongs to `tasks` and ends, all being stored, after `stop`.
    pub(super) fn start(
        archive: Archive,
        config: &config::live::Live,
        metrics: &Metrics,
        (tasks, stop): (&TaskTracker, CancellationToken),
    ) -> Self {
        let (queue, inbox) = mpsc::channel(config.queue_max.max(1));
        let (is_behind, behind) = watch::channel(false);
        let (waiting, stalls) = (metrics.live_queue.clone(), metrics.live_stalls.clone());
        let lag_max = config.lag_max.0;
        let writer =
            Writer { archive, inbox, is_behind, lag_max, stop, waiting: waiting.clone(), stalls };
        tasks.spawn(writer.run());
        Self { queue, is_behind: behind, patience: lag_max * PATIENCE, waiting }
    }

    /// Waits until storing keeps up.
    ///
    /// # Errors
    /// When it does not for four times the lag that is allowed.
    pub(super) async fn ready(&self) -> Result<(), Behind> {
        if !*self.is_behind.borrow() {
            return Ok(());
        }
        let mut is_behind = self.is_behind.clone();
        let caught_up = timeout(self.patience, is_behind.wait_for(|is_behind| !is_behind)).await;
        if matches!(caught_up, Ok(Ok(_))) { Ok(()) } else { Err(Behind) }
    }

    /// Hands a comment over; waits while the queue is full.
    pub(super) async fn append(&self, draft: Draft) {
        self.waiting.shift(1);
        if self.queue.send(Load::Comment(Box::new(draft))).await.is_err() {
            self.waiting.shift(-1);
            tracing::error!("a comment was shown and not archived: the house closes");
        }
    }

    /// Waits until all that was handed over is stored.
    pub(super) async fn settled(&self) {
        let (mark, marked) = oneshot::channel();
        if self.queue.send(Load::Mark(mark)).await.is_ok() {
            let _nothing_more_is_stored = marked.await;
        }
    }
}

impl Writer {
    async fn run(mut self) {
        let mut loads = Vec::with_capacity(BATCH_MAX);
        while self.gather(&mut loads).await {
            let (mut drafts, mut marks) = (Vec::with_capacity(loads.len()), Vec::new());
            for load in loads.drain(..) {
                match load {
                    Load::Comment(draft) => drafts.push(*draft),
                    Load::Mark(mark) => marks.push(mark),
                }
            }
            let count = i64::try_from(drafts.len()).unwrap_or(i64::MAX);
            self.store(drafts).await;
            self.waiting.shift(-count);
            for mark in marks {
                let _may_have_gone = mark.send(());
            }
        }
    }

    async fn gather(&mut self, loads: &mut Vec<Load>) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => self.inbox.close(),
            received = self.inbox.recv_many(loads, BATCH_MAX) => return received > 0,
        }
        self.inbox.recv_many(loads, BATCH_MAX).await > 0
    }

    /// Stores all of `drafts`, and says so when it takes too long.
    async fn store(&self, drafts: Vec<Draft>) {
        let mut stored = pin!(self.store_all(drafts));
        tokio::select! {
            biased;
            () = &mut stored => return,
            () = sleep(self.lag_max) => {}
        }
        self.stalls.one();
        self.is_behind.send_replace(true);
        stored.await;
        self.is_behind.send_replace(false);
    }

    async fn store_all(&self, mut drafts: Vec<Draft>) {
        let mut tries_left = LAST_TRIES;
        while !drafts.is_empty() {
            let appended = append_each(&self.archive, &drafts).await;
            let mut appended = appended.into_iter();
            drafts.retain(|_| match appended.next() {
                None | Some(Err(Fault::Unavailable)) => true,
                Some(Ok(_)) => false,
                Some(Err(fault)) => {
                    tracing::error!(%fault, "a comment was shown and not archived");
                    false
                }
            });
            if !drafts.is_empty() && self.stop.is_cancelled() {
                tries_left -= 1;
                if tries_left == 0 {
                    tracing::error!(comments = drafts.len(), "shown and not archived");
                    return;
                }
            }
            if !drafts.is_empty() {
                sleep(PAUSE).await;
            }
        }
    }
}

/// Appends all at once, handed over in their order; what came of each.
async fn append_each(archive: &Archive, drafts: &[Draft]) -> Vec<Result<Appended, Fault>> {
    let append = |draft: &Draft| Box::pin(archive.append(draft.clone()));
    let mut running: Vec<_> = drafts.iter().map(append).collect();
    let mut done: Vec<_> = running.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (running, done) in running.iter_mut().zip(&mut done) {
            if done.is_none()
                && let Poll::Ready(appended) = running.as_mut().poll(context)
            {
                *done = Some(appended);
            }
        }
        if done.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}
