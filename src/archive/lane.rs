//! A lane: numbers, seals and commits the drafts of its threads, a batch at a time.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    Appended, Fault, Receipt,
    head::{Head, Heads},
    key_ring::KeyRing,
    load::Loader,
    plan::{Pending, Plan, Sent, Settled, Stamp},
};
use crate::{
    clock::Clock,
    store::{Row, Statement, Store, Transaction},
    telemetry::{
        Metrics,
        instrument::Count,
        label::{ByOutcome, Outcome},
    },
};

/// How many drafts are numbered and sealed before they are committed.
const BATCH_MAX: usize = 512;

/// How many rounds may pass without one answer before all that wait are given up.
const STALLED_MAX: usize = 16;

/// What every lane works with.
#[derive(Clone)]
pub(super) struct Tools {
    pub(super) store: Store,
    pub(super) ring: Arc<KeyRing>,
    pub(super) clock: Clock,
    pub(super) stop: CancellationToken,
    /// How many records one thread takes within the time that what was sent is remembered.
    pub(super) day_max: usize,
    pub(super) meters: Meters,
}

/// What operators see of appending.
#[derive(Clone)]
pub(super) struct Meters {
    done: Count,
    refused: Count,
    failed: Count,
}

/// The heads in use in one round, by thread.
type Bench = HashMap<String, Result<Head, Fault>>;

/// A lane's state.
pub(super) struct Lane {
    tools: Tools,
    inbox: mpsc::Receiver<Pending>,
    heads: Heads,
    writer: i64,
    stalled: usize,
}

/// What one round is to do, in the order in which the drafts came.
#[derive(Default)]
struct Round {
    transactions: Vec<Transaction>,
    appended: Vec<(Pending, Receipt)>,
    compared: Vec<(Pending, Sent)>,
    waiting: Vec<Pending>,
    refused: Vec<(Pending, Fault)>,
}

impl Lane {
    /// A lane that takes its drafts from `inbox` and keeps about `heads_max` heads.
    pub(super) fn new(tools: Tools, inbox: mpsc::Receiver<Pending>, heads_max: usize) -> Self {
        Self { tools, inbox, heads: Heads::new(heads_max), writer: fastrand::i64(..), stalled: 0 }
    }

    /// Works until it is stopped or nobody can append any more, and all that came is answered.
    pub(super) async fn run(mut self) {
        let mut waiting = Vec::with_capacity(BATCH_MAX);
        while self.gather(&mut waiting).await {
            let before = waiting.len();
            waiting = self.round(waiting).await;
            self.stalled = if waiting.len() < before { 0 } else { self.stalled + 1 };
            if self.stalled > STALLED_MAX {
                self.give_up(&mut waiting);
            }
            // Whoever was answered may have more to append: let them, before the next batch.
            tokio::task::yield_now().await;
        }
    }

    /// Fills the batch with what has come; waits only if nothing is left of the last one.
    async fn gather(&mut self, waiting: &mut Vec<Pending>) -> bool {
        if !waiting.is_empty() {
            while waiting.len() < BATCH_MAX
                && let Ok(pending) = self.inbox.try_recv()
            {
                waiting.push(pending);
            }
            return true;
        }
        tokio::select! {
            biased;
            () = self.tools.stop.cancelled() => {
                self.inbox.close();
                self.inbox.recv_many(waiting, BATCH_MAX).await > 0
            }
            received = self.inbox.recv_many(waiting, BATCH_MAX) => received > 0,
        }
    }

    /// One round: plan all that can be planned, commit, answer. Gives back what is to be tried again.
    async fn round(&mut self, waiting: Vec<Pending>) -> Vec<Pending> {
        let stamp = Stamp {
            now_ms: self.tools.clock.now_ms(),
            writer: self.writer,
            day_max: self.tools.day_max,
        };
        let mut bench = self.seat(&waiting, stamp.now_ms).await;
        let mut round = Round::default();
        for pending in waiting {
            match bench.get_mut(pending.thread()) {
                Some(Ok(head)) => round.take(pending, head, stamp),
                Some(Err(fault)) => self.tools.answer(pending, Err(fault.clone())),
                None => self.tools.answer(pending, Err(Fault::Unavailable)),
            }
        }
        for (pending, fault) in round.refused.drain(..) {
            self.tools.answer(pending, Err(fault));
        }
        let transactions = std::mem::take(&mut round.transactions);
        let outcomes = self.tools.store.commit_each(transactions).await;
        for ((pending, receipt), outcome) in
            std::mem::take(&mut round.appended).into_iter().zip(outcomes)
        {
            let settled = pending.settle(outcome);
            if !matches!(settled, Settled::Stored) {
                // Later numbers of this thread are wrong now: its head is read again.
                bench.remove(pending.thread());
            }
            match settled {
                Settled::Stored => self.tools.answer(pending, Ok(Appended::New(receipt))),
                Settled::Overtaken => round.waiting.push(pending),
                Settled::Failed(fault) => self.tools.answer(pending, Err(fault)),
            }
        }
        self.compare(&mut round).await;
        for (thread, head) in bench {
            if let Ok(mut head) = head {
                head.durable_seq = head.last_seq;
                self.heads.keep(thread, head);
            }
        }
        round.waiting
    }

    /// The heads of all threads that have drafts in this round.
    async fn seat(&mut self, waiting: &[Pending], now_ms: i64) -> Bench {
        let mut bench = Bench::with_capacity(waiting.len());
        let mut missing = Vec::new();
        for pending in waiting {
            let thread = pending.thread();
            if bench.contains_key(thread) {
                continue;
            }
            match self.heads.take(thread) {
                Some(head) => drop(bench.insert(thread.to_owned(), Ok(head))),
                None => {
                    bench.insert(thread.to_owned(), Err(Fault::Unavailable));
                    missing.push(thread.to_owned());
                }
            }
        }
        if !missing.is_empty() {
            let Tools { store, ring, .. } = &self.tools;
            match (Loader { store, ring, now_ms }).load(&missing).await {
                Ok(heads) => bench.extend(missing.into_iter().zip(heads)),
                Err(fault) => {
                    bench.extend(missing.into_iter().map(|thread| (thread, Err(fault.clone()))));
                }
            }
        }
        bench
    }

    /// Answers those whose `client_id` was used before.
    async fn compare(&self, round: &mut Round) {
        if round.compared.is_empty() {
            return;
        }
        let statements = round.compared.iter().map(|(_, sent)| sent.statement()).collect();
        let found = self.tools.store.read_all(statements).await;
        for (at, (pending, sent)) in round.compared.drain(..).enumerate() {
            let row = found.as_ref().map(|rows| rows.get(at).and_then(|rows| rows.first()));
            let answer = match row {
                Ok(Some(row)) => sent.compare(row),
                // The record is gone, so its mark means nothing any more.
                Ok(None) => Err(Fault::Conflict),
                Err(fault) => Err(fault.clone().into()),
            };
            self.tools.answer(pending, answer);
        }
    }

    fn give_up(&mut self, waiting: &mut Vec<Pending>) {
        tracing::error!(drafts = waiting.len(), "gave up appending: no round makes progress");
        for pending in waiting.drain(..) {
            self.tools.answer(pending, Err(Fault::Unavailable));
        }
        self.stalled = 0;
    }
}

impl Round {
    fn take(&mut self, pending: Pending, head: &mut Head, stamp: Stamp) {
        match pending.plan(head, stamp) {
            Plan::Append(transaction, receipt) => {
                self.transactions.push(transaction);
                self.appended.push((pending, receipt));
            }
            Plan::Compare(sent) => self.compared.push((pending, sent)),
            Plan::Wait => self.waiting.push(pending),
            Plan::Refuse(fault) => self.refused.push((pending, fault)),
        }
    }
}

impl Sent {
    fn statement(&self) -> Statement {
        Statement::new("SELECT at_ms, fingerprint FROM record WHERE thread = $1 AND seq = $2")
            .bind(self.thread_number)
            .bind(self.seq)
    }

    fn compare(&self, row: &Row) -> Result<Appended, Fault> {
        if row.blob(1) != self.fingerprint {
            return Err(Fault::Conflict);
        }
        Ok(Appended::Again(Receipt { seq: self.seq, at_ms: row.int(0) }))
    }
}

impl Tools {
    fn answer(&self, pending: Pending, answer: Result<Appended, Fault>) {
        let records = pending.drafts().count();
        self.meters.count(&answer, records);
        // Whoever asked may have gone; what is stored is stored.
        drop(pending.answer.send(answer));
    }
}

impl Meters {
    /// The archive's instruments of `metrics`.
    pub(super) fn new(metrics: &Metrics) -> Self {
        let appends = |outcome| metrics.appends.of(&ByOutcome { outcome });
        Self {
            done: appends(Outcome::Done),
            refused: appends(Outcome::Refused),
            failed: appends(Outcome::Failed),
        }
    }

    /// What came of so many records.
    pub(super) fn count(&self, answer: &Result<Appended, Fault>, records: usize) {
        let meter = match answer {
            Ok(_) => &self.done,
            Err(Fault::Conflict | Fault::Guard | Fault::Full { .. }) => &self.refused,
            Err(Fault::Unavailable | Fault::Sealed | Fault::Store(_)) => &self.failed,
        };
        meter.add(records as u64);
    }
}
