//! SQLite: one thread that writes, a few that read, and the queues between them and the tasks.

mod connection;
mod keeper;
mod meters;
mod reader;
mod run;
mod schema;
mod writer;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use tokio::sync::oneshot;

use self::{
    connection::Opening,
    keeper::{Keeper, LIMITS},
    meters::Meters,
    reader::{Query, Reader},
    writer::{Job, Settings, Task, Writer},
};
use super::{Fault, OpenFault, Outcome, Rows, Statement, Transaction, migration};
use crate::{
    config,
    telemetry::{Metrics, health::Part},
};

/// The engine's handle: the near ends of both queues.
#[derive(Clone)]
pub(super) struct Sqlite {
    shared: Arc<Shared>,
}

struct Shared {
    writes: SyncSender<Job>,
    reads: SyncSender<Query>,
    readers: usize,
    is_closed: AtomicBool,
    meters: Meters,
}

impl Sqlite {
    /// Opens the file at `path` on the threads that will own it.
    pub(super) async fn open(
        path: PathBuf,
        section: &config::store::Store,
        metrics: &Metrics,
        health: Part,
    ) -> Result<Self, OpenFault> {
        let opening = Opening::new(path, section);
        let meters = Meters::new(metrics);
        let (writes, jobs) = sync_channel(section.queue_max.max(1));
        let (reads, queries) = sync_channel(section.queue_max.max(1));
        let group_max = section.group_max.max(1);
        let settings = Settings { group_max, meters: meters.clone(), health };
        start_writer(opening.clone(), jobs, settings).await?;
        let readers = section.readers.max(1);
        Reader::start_all(readers, &opening, queries)?;
        let is_closed = AtomicBool::new(false);
        Ok(Self { shared: Arc::new(Shared { writes, reads, readers, is_closed, meters }) })
    }

    /// See [`super::Store::commit`].
    pub(super) async fn commit(&self, transaction: Transaction) -> Outcome {
        let (answer, outcome) = oneshot::channel();
        self.submit(Task::One(transaction, answer), 1)?;
        outcome.await.unwrap_or(Err(Fault::Unavailable))
    }

    /// See [`super::Store::commit_each`].
    pub(super) async fn commit_each(&self, transactions: Vec<Transaction>) -> Vec<Outcome> {
        let count = transactions.len();
        let (answer, outcomes) = oneshot::channel();
        match self.submit(Task::Each(transactions, answer), count) {
            Ok(()) => outcomes.await.ok(),
            Err(_) => None,
        }
        .unwrap_or_else(|| vec![Err(Fault::Unavailable); count])
    }

    /// See [`super::Store::read`].
    pub(super) async fn read(&self, statement: Statement) -> Result<Rows, Fault> {
        let (answer, rows) = oneshot::channel();
        self.send(&self.shared.reads, Query::One(statement, answer))?;
        rows.await.unwrap_or(Err(Fault::Unavailable))
    }

    /// See [`super::Store::read_all`].
    pub(super) async fn read_all(&self, statements: Vec<Statement>) -> Result<Vec<Rows>, Fault> {
        let (answer, rows) = oneshot::channel();
        self.send(&self.shared.reads, Query::All(statements, answer))?;
        rows.await.unwrap_or(Err(Fault::Unavailable))
    }

    fn submit(&self, task: Task, transactions: usize) -> Result<(), Fault> {
        let meters = &self.shared.meters;
        meters.waiting(transactions);
        self.send(&self.shared.writes, Job::new(task)).inspect_err(|_| {
            meters.taken(transactions);
            meters.refused(transactions);
        })
    }

    fn send<T>(&self, queue: &SyncSender<T>, item: T) -> Result<(), Fault> {
        if self.shared.is_closed.load(Ordering::Acquire) {
            return Err(Fault::Unavailable);
        }
        queue.try_send(item).map_err(|_| Fault::Unavailable)
    }

    /// See [`super::Store::close`].
    pub(super) async fn close(&self) {
        if self.shared.is_closed.swap(true, Ordering::AcqRel) {
            return;
        }
        // Readers first: the last connection to close is the writer's, which empties the log.
        for _ in 0..self.shared.readers {
            let (answer, done) = oneshot::channel();
            last_word(&self.shared.reads, Query::Close(answer), done).await;
        }
        let (answer, done) = oneshot::channel();
        last_word(&self.shared.writes, Job::new(Task::Close(answer)), done).await;
    }
}

/// Sends `item`, waiting while the queue is full, and waits until the thread is done.
async fn last_word<T>(queue: &SyncSender<T>, mut item: T, done: oneshot::Receiver<()>) {
    while let Err(TrySendError::Full(refused)) = queue.try_send(item) {
        item = refused;
        tokio::task::yield_now().await;
    }
    // Never answered, only dropped: by the thread when it is done, or with the queue if it is gone.
    done.await.unwrap_or_default();
}

async fn start_writer(
    opening: Opening,
    jobs: Receiver<Job>,
    settings: Settings,
) -> Result<(), OpenFault> {
    let (ready, opened) = oneshot::channel();
    thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
        let opened = opening.for_writing().and_then(|mut connection| {
            schema::bring_up_to_date(&mut connection, migration::ALL)?;
            let keeper = Keeper::start(&opening, &mut connection, LIMITS)?;
            Ok(Writer::new(connection, keeper, settings))
        });
        match opened {
            Ok(writer) => {
                if ready.send(Ok(())).is_ok() {
                    writer.run(&jobs);
                }
            }
            Err(fault) => drop(ready.send(Err(fault))),
        }
    })?;
    opened.await.unwrap_or_else(|_| Err(std::io::Error::other("the writer ended at once").into()))
}
