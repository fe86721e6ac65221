//! Comments that were shown and wait to be archived, where `live.durable` is off.
//!
//! Bounded in number and in time: when the queue is full, or storing falls behind by `live.lag_max`,
//! comments wait before they are shown. So a crash loses what was shown in that time at most. What the
//! archive will not take is lost, and [`Lost`] goes where it is taken back.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::row;
use crate::{
    archive::{Appended, Archive, Draft, Fault},
    config,
    ids::{CommentId, RoomId, UserId},
    store::Store,
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
/// How often it is tried again when the house closes, or when the database fails over one comment.
const TRIES: usize = 20;
/// How many lost comments wait to be taken back; with more, storing waits.
const LOST_MAX: usize = 64;

/// A comment that viewers see.
pub(super) struct Unstored {
    pub(super) room: RoomId,
    pub(super) id: CommentId,
    pub(super) draft: Draft,
}

/// A comment that viewers see and that the archive will not take.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) room: RoomId,
    pub(super) author: UserId,
    pub(super) id: CommentId,
}

enum Load {
    Comment(Box<Unstored>),
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
    store: Store,
    inbox: mpsc::Receiver<Load>,
    lost: mpsc::Sender<Lost>,
    is_behind: watch::Sender<bool>,
    lag_max: Duration,
    stop: CancellationToken,
    waiting: Level,
    stalls: Count,
}

impl Beside {
    /// A queue into `archive`, which stands in `store`; its task belongs to `tasks` and ends, all being
    /// stored or lost, after `stop`. What is lost comes out at the other end.
    pub(super) fn start(
        (archive, store): (Archive, Store),
        config: &config::live::Live,
        metrics: &Metrics,
        (tasks, stop): (&TaskTracker, CancellationToken),
    ) -> (Self, mpsc::Receiver<Lost>) {
        let (queue, inbox) = mpsc::channel(config.queue_max.max(1));
        let (lost, taken_back) = mpsc::channel(LOST_MAX);
        let (is_behind, behind) = watch::channel(false);
        let (waiting, stalls) = (metrics.live_queue.clone(), metrics.live_stalls.clone());
        let lag_max = config.lag_max.0;
        let waits = waiting.clone();
        let writer = Writer {
            archive,
            store,
            inbox,
            lost,
            is_behind,
            lag_max,
            stop,
            waiting: waits,
            stalls,
        };
        tasks.spawn(writer.run());
        (Self { queue, is_behind: behind, patience: lag_max * PATIENCE, waiting }, taken_back)
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
    pub(super) async fn append(&self, comment: Unstored) {
        self.waiting.shift(1);
        if self.queue.send(Load::Comment(Box::new(comment))).await.is_err() {
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
            let (mut comments, mut marks) = (Vec::with_capacity(loads.len()), Vec::new());
            for load in loads.drain(..) {
                match load {
                    Load::Comment(comment) => comments.push(*comment),
                    Load::Mark(mark) => marks.push(mark),
                }
            }
            let count = i64::try_from(comments.len()).unwrap_or(i64::MAX);
            self.store(comments).await;
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

    /// Stores all of `comments`, and says so when it takes too long.
    async fn store(&self, comments: Vec<Unstored>) {
        let mut stored = pin!(self.store_all(comments));
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

    async fn store_all(&self, mut comments: Vec<Unstored>) {
        let (mut tries, mut last_tries) = (TRIES, TRIES);
        loop {
            let appended = append_each(&self.archive, &comments).await;
            let mut unstored = Vec::new();
            for (comment, appended) in comments.into_iter().zip(appended) {
                match self.outcome(&comment, appended, (tries == 0, last_tries == 0)).await {
                    Ok(()) => {}
                    Err(None) => unstored.push(comment),
                    Err(Some(fault)) => self.lose(comment, &fault).await,
                }
            }
            comments = unstored;
            if comments.is_empty() {
                return;
            }
            tries = tries.saturating_sub(1);
            if self.stop.is_cancelled() {
                last_tries = last_tries.saturating_sub(1);
            }
            sleep(PAUSE).await;
        }
    }

    /// Whether a comment is stored; if not, why it never will be, or nothing when it is to be tried
    /// again. A database that takes no work from anybody is waited for as long as the house is open.
    async fn outcome(
        &self,
        comment: &Unstored,
        appended: Result<Appended, Fault>,
        (is_last, is_closing): (bool, bool),
    ) -> Result<(), Option<Fault>> {
        match appended {
            Ok(_) => Ok(()),
            Err(Fault::Unavailable) if !is_closing => Err(None),
            Err(Fault::Store(_)) if !is_last => Err(None),
            // An earlier try that was reported failed may have been stored all the same.
            Err(fault @ Fault::Guard) => match self.is_stored(comment).await {
                Some(true) => Ok(()),
                Some(false) => Err(Some(fault)),
                None => Err(Some(fault).filter(|_| is_last)),
            },
            Err(fault) => Err(Some(fault)),
        }
    }

    /// Whether the comment's row is there; `None` when nobody can say.
    async fn is_stored(&self, Unstored { room, id, .. }: &Unstored) -> Option<bool> {
        let rows = self.store.read(row::by_id(room, id)).await.ok()?;
        Some(!rows.is_empty())
    }

    async fn lose(&self, comment: Unstored, fault: &Fault) {
        tracing::error!(%fault, "a comment was shown and not archived: it is taken back");
        let Unstored { room, id, draft } = comment;
        let lost = Lost { room, id, author: UserId::new(draft.author) };
        let _nobody_is_there_to_see_it = self.lost.send(lost).await;
    }
}

/// Appends all at once, handed over in their order; what came of each.
async fn append_each(archive: &Archive, comments: &[Unstored]) -> Vec<Result<Appended, Fault>> {
    let append = |comment: &Unstored| Box::pin(archive.append(comment.draft.clone()));
    let mut running: Vec<_> = comments.iter().map(append).collect();
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
