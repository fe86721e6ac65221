//! The thread that writes: takes what has queued up and makes it durable with one commit.
//!
//! There is no delay to wait for more: while one commit syncs the disk, the next group gathers.

use std::sync::mpsc::Receiver;

use rusqlite::Connection;
use tokio::{sync::oneshot, time::Instant};

use super::{
    keeper::Keeper,
    meters::Meters,
    run::{fault, run},
};
use crate::{
    store::{Fault, Outcome, Transaction},
    telemetry::health::Part,
};

/// What the writer is asked to do, and since when.
pub(super) struct Job {
    task: Task,
    since: Instant,
}

/// What the writer is asked to do.
pub(super) enum Task {
    /// One transaction.
    One(Transaction, oneshot::Sender<Outcome>),
    /// Several, answered together.
    Each(Vec<Transaction>, oneshot::Sender<Vec<Outcome>>),
    /// End after all that came before, and drop this when it is done.
    Close(oneshot::Sender<()>),
}

/// How the writer works, and whom it tells.
pub(super) struct Settings {
    /// How many transactions share one commit at most.
    pub(super) group_max: usize,
    /// What operators see.
    pub(super) meters: Meters,
    /// Whether writes are taken.
    pub(super) health: Part,
}

/// The thread's state.
pub(super) struct Writer {
    connection: Connection,
    keeper: Keeper,
    settings: Settings,
    is_well: bool,
    wary: u32,
}

/// For how many groups each transaction gets a savepoint, after one that failed.
const WARY_GROUPS: u32 = 64;

impl Job {
    /// A job that waits from now on.
    pub(super) fn new(task: Task) -> Self {
        Self { task, since: Instant::now() }
    }

    fn transactions(&self) -> &[Transaction] {
        match &self.task {
            Task::One(transaction, _) => std::slice::from_ref(transaction),
            Task::Each(transactions, _) => transactions,
            Task::Close(_) => &[],
        }
    }
}

impl Writer {
    /// A writer on its own connection.
    pub(super) fn new(connection: Connection, keeper: Keeper, settings: Settings) -> Self {
        settings.health.ready();
        Self { connection, keeper, settings, is_well: true, wary: 0 }
    }

    /// Works until it is told to close, or nobody can ask any more.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        let mut group = Vec::new();
        let mut farewell = None;
        while farewell.is_none() {
            let Ok(first) = jobs.recv() else { break };
            let mut size = first.transactions().len();
            group.push(first);
            while size < self.settings.group_max
                && let Ok(next) = jobs.try_recv()
            {
                size += next.transactions().len();
                group.push(next);
            }
            farewell = self.commit(&mut group, size);
        }
        self.finish();
        drop(farewell);
    }

    /// Commits a group and answers each of its jobs; a farewell is handed back.
    fn commit(&mut self, group: &mut Vec<Job>, size: usize) -> Option<oneshot::Sender<()>> {
        let meters = self.settings.meters.clone();
        meters.taken(size);
        let outcomes = self.attempt(group, size);
        meters.group(&outcomes);
        let now = Instant::now();
        let mut outcomes = outcomes.into_iter();
        let mut next = || outcomes.next().unwrap_or(Err(Fault::Unavailable));
        let mut farewell = None;
        for job in group.drain(..) {
            meters.answered(now - job.since);
            match job.task {
                Task::One(_, answer) => drop(answer.send(next())),
                Task::Each(transactions, answer) => {
                    drop(answer.send(transactions.iter().map(|_| next()).collect()));
                }
                Task::Close(answer) => farewell = Some(answer),
            }
        }
        farewell
    }

    fn attempt(&mut self, group: &[Job], size: usize) -> Vec<Outcome> {
        if size == 0 {
            return Vec::new();
        }
        match self.group(group, size) {
            Ok(outcomes) => {
                if !std::mem::replace(&mut self.is_well, true) {
                    self.settings.health.ready();
                    tracing::info!("the database takes writes again");
                }
                outcomes
            }
            Err(error) => {
                if std::mem::replace(&mut self.is_well, false) {
                    self.settings.health.failing("the database takes no writes");
                    tracing::error!(%error, "the database takes no writes");
                }
                self.abandon();
                vec![Err(Fault::Unavailable); size]
            }
        }
    }

    /// One durable commit of all transactions that do not fail by themselves. An error is one of
    /// the surroundings: nothing of the group was kept.
    fn group(&mut self, group: &[Job], size: usize) -> rusqlite::Result<Vec<Outcome>> {
        if self.wary == 0 {
            if let Some(outcomes) = self.boldly(group, size)? {
                return Ok(outcomes);
            }
            self.wary = WARY_GROUPS;
        }
        self.wary -= 1;
        self.warily(group, size)
    }

    /// Runs the group as one transaction; `None`, and nothing is kept, when one of them fails. The
    /// savepoints that it does without would cost a quarter of the time.
    fn boldly(&self, group: &[Job], size: usize) -> rusqlite::Result<Option<Vec<Outcome>>> {
        let mut outcomes = Vec::with_capacity(size);
        self.execute("BEGIN IMMEDIATE")?;
        for transaction in group.iter().flat_map(Job::transactions) {
            match self.transaction(transaction)? {
                Ok(rows) => outcomes.push(Ok(rows)),
                Err(failed) => {
                    self.execute("ROLLBACK")?;
                    return Ok((size == 1).then(|| vec![Err(failed)]));
                }
            }
        }
        self.execute("COMMIT")?;
        Ok(Some(outcomes))
    }

    /// Runs the group with a savepoint each, so that one that fails is undone alone.
    fn warily(&self, group: &[Job], size: usize) -> rusqlite::Result<Vec<Outcome>> {
        let mut outcomes = Vec::with_capacity(size);
        self.execute("BEGIN IMMEDIATE")?;
        for transaction in group.iter().flat_map(Job::transactions) {
            self.execute("SAVEPOINT one")?;
            let outcome = self.transaction(transaction)?;
            if outcome.is_err() {
                self.execute("ROLLBACK TO one")?;
            }
            self.execute("RELEASE one")?;
            outcomes.push(outcome);
        }
        self.execute("COMMIT")?;
        Ok(outcomes)
    }

    /// Runs the statements of one transaction up to the first that fails by itself.
    fn transaction(&self, transaction: &Transaction) -> rusqlite::Result<Outcome> {
        let mut rows = Vec::with_capacity(transaction.len());
        for (index, statement) in transaction.iter().enumerate() {
            match run(&self.connection, statement) {
                Ok(effect) => match statement.touches {
                    Some(expected) if expected != effect.touched => {
                        return Ok(Err(Fault::Guard { index }));
                    }
                    _ => rows.push(effect.rows),
                },
                Err(error) => match fault(&error, index) {
                    Fault::Unavailable => return Err(error),
                    // Some errors end the whole transaction: then the group is lost with it.
                    _ if self.connection.is_autocommit() => return Err(error),
                    failed => return Ok(Err(failed)),
                },
            }
        }
        Ok(Ok(rows))
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.raw_execute().map(drop)
    }

    /// Leaves a transaction that failed as a whole.
    fn abandon(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.execute("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    fn finish(mut self) {
        self.keeper.stop(&mut self.connection);
        if let Err(error) = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);") {
            tracing::warn!(%error, "the log was not folded into the database; the next start does it");
        }
        if let Err((_, error)) = self.connection.close() {
            tracing::warn!(%error, "the database did not close cleanly");
        }
    }
}
