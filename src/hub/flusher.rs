//! Flushers: threads that write publications to many connections.
//!
//! A publication only queues its frame; mailboxes that were empty before form a list. A short list
//! is flushed where it came up; a long one is dealt to these threads, so that a room of thousands
//! holds up no runtime worker. While a thread writes, further publications gather in the mailboxes
//! and leave in one write each: the busier the hub, the fewer calls a publication costs.

use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
};

use crate::hub::Mailbox;

/// Lists up to this length are flushed in place: waking a thread costs as much as a few writes.
const IN_PLACE_MAX: usize = 16;

/// The threads, and a list for each.
pub struct Flusher {
    lanes: Vec<Arc<Lane>>,
    next: AtomicUsize,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Lane {
    pending: Mutex<Pending>,
    news: Condvar,
    /// How many mailboxes it has taken and not yet written out.
    unwritten: AtomicUsize,
}

/// What waits on one lane. A mailbox is on one list at most, so lists are bounded by connections.
#[derive(Default)]
struct Pending {
    mailboxes: Vec<Arc<Mailbox>>,
    is_closed: bool,
}

impl Flusher {
    /// Starts `threads` of them; 0 for one a core.
    pub fn start(threads: usize) -> std::io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let count = if threads == 0 { cores } else { threads };
        let lanes: Vec<Arc<Lane>> = (0..count).map(|_| Arc::default()).collect();
        let threads = lanes
            .iter()
            .map(|lane| {
                let lane = Arc::clone(lane);
                thread::Builder::new().name("flusher".to_owned()).spawn(move || lane.run())
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { lanes, next: AtomicUsize::new(0), threads })
    }

    /// Whether a thread still writes what it was given before.
    pub fn is_behind(&self) -> bool {
        self.lanes.iter().any(|lane| lane.unwritten.load(Ordering::Relaxed) > 0)
    }

    /// Sees to it that all of them are written out.
    pub fn flush(&self, mailboxes: Vec<Arc<Mailbox>>) {
        if mailboxes.len() <= IN_PLACE_MAX {
            for mailbox in mailboxes {
                mailbox.flush();
            }
            return;
        }
        let share = mailboxes.len().div_ceil(self.lanes.len());
        let mut mailboxes = mailboxes.into_iter();
        for _ in 0..self.lanes.len() {
            let part = mailboxes.by_ref().take(share);
            let lane = self.next.fetch_add(1, Ordering::Relaxed) % self.lanes.len();
            self.lanes[lane].add(part);
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        for lane in &self.lanes {
            lane.pending.lock().unwrap_or_else(PoisonError::into_inner).is_closed = true;
            lane.news.notify_one();
        }
        for thread in self.threads.drain(..) {
            let _panicked_thread_has_said_so = thread.join();
        }
    }
}

impl Lane {
    fn add(&self, mailboxes: impl Iterator<Item = Arc<Mailbox>>) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let before = pending.mailboxes.len();
        pending.mailboxes.extend(mailboxes);
        self.unwritten.fetch_add(pending.mailboxes.len() - before, Ordering::Relaxed);
        drop(pending);
        self.news.notify_one();
    }

    fn run(&self) {
        let mut batch = Vec::new();
        loop {
            let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            let mut pending = self
                .news
                .wait_while(pending, |pending| pending.mailboxes.is_empty() && !pending.is_closed)
                .unwrap_or_else(PoisonError::into_inner);
            if pending.mailboxes.is_empty() {
                return;
            }
            std::mem::swap(&mut batch, &mut pending.mailboxes);
            drop(pending);
            for mailbox in batch.drain(..) {
                mailbox.flush();
                self.unwritten.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}
