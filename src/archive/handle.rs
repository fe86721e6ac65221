//! The archive as the domains hold it.

use std::{
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    sync::Arc,
};

use tokio::sync::{mpsc, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use zeroize::Zeroizing;

use super::{
    Appended, Draft, Fault, OpenFault, Record, Window,
    key_ring::KeyRing,
    lane::{Lane, Meters, Tools},
    load::Loader,
    plan::Pending,
    proof::proven_ring,
    read::{read, read_places},
};
use crate::{
    clock::Clock,
    config::{archive, keys::Keys},
    store::Store,
    telemetry::Metrics,
};

/// The archive of this node. Cheap to clone; its lanes end with the last clone.
#[derive(Clone)]
pub struct Archive(Arc<Inner>);

struct Inner {
    lanes: Vec<mpsc::Sender<Pending>>,
    store: Store,
    ring: Arc<KeyRing>,
    clock: Clock,
    stop: CancellationToken,
    tasks: TaskTracker,
    meters: Meters,
}

impl Archive {
    /// Opens the archive in `store`, with the lanes of `section`. The key ring of `keys` must be the
    /// one that the archive was written with; a new archive may begin with a new one.
    pub async fn open(
        store: Store,
        section: &archive::Archive,
        keys: &Keys,
        clock: Clock,
        metrics: &Metrics,
    ) -> Result<Self, OpenFault> {
        let ring = Arc::new(proven_ring(&store, keys).await?);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let meters = Meters::new(metrics);
        let tools = Tools {
            store: store.clone(),
            ring: Arc::clone(&ring),
            clock: clock.clone(),
            stop: stop.clone(),
            day_max: section.thread_day_max,
            meters: meters.clone(),
        };
        let archive::Archive { lanes: count, queue_max, heads_max, .. } = *section;
        let start = |_| {
            let (sender, inbox) = mpsc::channel(queue_max.max(1));
            tasks.spawn(Lane::new(tools.clone(), inbox, heads_max / count.max(1)).run());
            sender
        };
        let lanes = (0..count.max(1)).map(start).collect();
        Ok(Self(Arc::new(Inner { lanes, store, ring, clock, stop, tasks, meters })))
    }

    /// Appends a record and what belongs beside it; resolves when both are durable. Once called, it
    /// happens even if nobody waits for the answer.
    pub async fn append(&self, draft: Draft) -> Result<Appended, Fault> {
        self.submit(Vec::new(), draft).await
    }

    /// Appends `lead` and then `last`, all to the thread of `last`: all or none, one number after the
    /// other, at the same time. The receipt is that of `last`, whose `client_id` stands for all.
    pub async fn append_all(&self, lead: Vec<Draft>, last: Draft) -> Result<Appended, Fault> {
        let lead = lead.into_iter().map(|draft| Draft { thread: last.thread.clone(), ..draft });
        let lead = lead.collect();
        self.submit(lead, last).await
    }

    async fn submit(&self, lead: Vec<Draft>, last: Draft) -> Result<Appended, Fault> {
        let records = lead.len() + 1;
        let (answer, appended) = oneshot::channel();
        let lane = self.lane(&last.thread);
        if lane.try_send(Pending { lead, last, answer }).is_err() {
            let refusal = Err(Fault::Unavailable);
            self.0.meters.count(&refusal, records);
            return refusal;
        }
        appended.await.unwrap_or(Err(Fault::Unavailable))
    }

    /// The lane of a thread: always the same one, so that one task alone knows its head.
    fn lane(&self, thread: &str) -> &mpsc::Sender<Pending> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(thread);
        &self.0.lanes[hash as usize % self.0.lanes.len()]
    }

    /// Reads records of `thread` with `after < seq < before`, at most `limit`, in order of `seq`;
    /// the newest ones when `newest` is set, the oldest otherwise. A thread that does not exist has
    /// none.
    pub async fn read(&self, thread: &str, window: Window) -> Result<Vec<Record>, Fault> {
        read(&self.0.store, &self.0.ring, thread, window).await
    }

    /// Reads one record of each of `places`, a thread and a number, in their order; `None` where there
    /// is no such record. For lists over many threads: one round to the database, and each thread's
    /// key is opened once.
    pub async fn read_places(
        &self,
        places: &[(String, i64)],
    ) -> Result<Vec<Option<Record>>, Fault> {
        read_places(&self.0.store, &self.0.ring, places).await
    }

    /// The record that `author` appended to `thread` under `client_id` within the last day; `None`
    /// when there is none.
    pub async fn find(
        &self,
        thread: &str,
        author: &str,
        client_id: &str,
    ) -> Result<Option<Record>, Fault> {
        let Inner { store, ring, clock, .. } = &*self.0;
        let loader = Loader { store, ring, now_ms: clock.now_ms() };
        let Some(seq) = loader.find(thread, author, client_id).await? else { return Ok(None) };
        let window = Window { after: seq - 1, before: seq + 1, limit: 1, newest: false };
        Ok(self.read(thread, window).await?.pop())
    }

    /// Keys for another end than sealing records, made of the key ring: one of each of its versions,
    /// the current one first. `context` names the end; two ends never share one.
    pub fn derive(&self, context: &str) -> Vec<Zeroizing<[u8; 32]>> {
        self.0.ring.derive(context)
    }

    /// Stores what was submitted and ends the lanes; later drafts are refused. To be called before
    /// the store is closed.
    pub async fn close(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}
