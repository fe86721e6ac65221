//! Listening: many links read by as many small tasks, each with counters of its own.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::bail;
use memchr::memmem::Finder;
use tokio::{task::JoinSet, time::Instant};

use crate::{
    latency::Latency,
    link::Link,
    protocol::{Kind, Message},
    stamp::Stamps,
};

/// One listener in so many looks for stamps: reading every one would slow the listening.
const STAMPED_EVERY: usize = 16;

/// A crowd up to this size is small enough for every listener to look.
const STAMPED_ALL: usize = 256;

/// How often somebody who waits looks at the counters.
const LOOK: Duration = Duration::from_millis(5);

/// What all listeners of one crowd have heard.
#[derive(Debug)]
struct Ear {
    listeners: Vec<Counters>,
    /// Why listeners were lost, and how many for each reason.
    lost: Mutex<BTreeMap<String, u64>>,
    latency: Mutex<Latency>,
    stamps: Stamps,
    /// What publications hold that count; all of them when there is none.
    mark: Option<Finder<'static>>,
}

/// What one listener has heard; written by its task alone.
#[derive(Debug, Default)]
struct Counters {
    publications: AtomicU64,
    /// Reads that brought something: what a server writes at once comes in one.
    reads: AtomicU64,
    frames: AtomicU64,
    bytes: AtomicU64,
    /// Offsets that were left out.
    skipped: AtomicU64,
    /// Offsets that came again, or after a later one.
    disordered: AtomicU64,
    is_lost: AtomicBool,
}

/// How much was heard at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// Publications of each listener; `None` of one that was lost.
    publications: Vec<Option<u64>>,
    /// What all of them heard, those included who were lost.
    pub(crate) total: Sum,
}

/// Sums over listeners.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) publications: u64,
    pub(crate) reads: u64,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) skipped: u64,
    pub(crate) disordered: u64,
}

/// The tasks that listen; they end when this is dropped.
#[derive(Debug)]
pub(crate) struct Listeners {
    ear: Arc<Ear>,
    tasks: JoinSet<()>,
}

/// Looks at the counters from elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Look(Arc<Ear>);

impl Listeners {
    /// Nobody yet, and room for `count` listeners.
    pub(crate) fn new(count: usize, stamps: Stamps) -> Self {
        let ear = Arc::new(Ear {
            listeners: (0..count).map(|_| Counters::default()).collect(),
            lost: Mutex::default(),
            latency: Mutex::new(Latency::new()),
            stamps,
            mark: None,
        });
        Self { ear, tasks: JoinSet::new() }
    }

    /// The same; only publications that hold `mark` count, for a server that has more to tell.
    pub(crate) fn hearing_only(mut self, mark: &'static str) -> Self {
        if let Some(ear) = Arc::get_mut(&mut self.ear) {
            ear.mark = Some(Finder::new(mark));
        }
        self
    }

    /// Listens to one link more.
    pub(crate) fn add(&mut self, link: Link) {
        let every = if self.count() <= STAMPED_ALL { 1 } else { STAMPED_EVERY };
        let number = self.tasks.len();
        let is_stamped = number.is_multiple_of(every);
        self.tasks.spawn(listen(link, Arc::clone(&self.ear), number, is_stamped));
    }

    pub(crate) fn look(&self) -> Look {
        Look(Arc::clone(&self.ear))
    }

    /// How many there are, those included who were lost.
    pub(crate) fn count(&self) -> usize {
        self.ear.listeners.len()
    }

    pub(crate) fn heard(&self) -> Heard {
        self.ear.heard()
    }

    /// Forgets latencies heard so far, as after a warm-up.
    pub(crate) fn forget_latency(&self) {
        *lock(&self.ear.latency) = Latency::new();
    }

    /// The latencies of stamped publications.
    pub(crate) fn latency(&self) -> Latency {
        lock(&self.ear.latency).clone()
    }

    /// Why listeners were lost, and how many for each reason.
    pub(crate) fn lost(&self) -> BTreeMap<String, u64> {
        lock(&self.ear.lost).clone()
    }

    /// Waits until everybody who is still there has heard `count` publications more than at `since`;
    /// gives up when none came for `patience`, or at `deadline`. Whether they have, and when the last
    /// one came.
    pub(crate) async fn until(
        &self,
        since: &Heard,
        count: u64,
        patience: Duration,
        deadline: Instant,
    ) -> (bool, Instant) {
        let (mut heard, mut last) = (0, Instant::now());
        loop {
            let now = self.heard();
            if now.since(since).all(|more| more >= count) {
                return (true, Instant::now());
            }
            if now.total.publications != heard {
                (heard, last) = (now.total.publications, Instant::now());
            } else if last.elapsed() > patience {
                return (false, last);
            }
            if Instant::now() > deadline {
                return (false, last);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// # Errors
    /// When a listener lost its connection.
    pub(crate) fn intact(&self) -> anyhow::Result<()> {
        match lock(&self.ear.lost).iter().next() {
            Some((why, count)) => bail!("{count} listeners were lost: {why}"),
            None => Ok(()),
        }
    }
}

impl Look {
    /// How many publications were heard so far.
    pub(crate) fn publications(&self) -> u64 {
        let each = self.0.listeners.iter();
        each.map(|counters| counters.publications.load(Ordering::Relaxed)).sum()
    }
}

impl Heard {
    /// How many publications more each listener heard who is still there.
    pub(crate) fn since(&self, before: &Self) -> impl Iterator<Item = u64> {
        let both = self.publications.iter().zip(&before.publications);
        both.filter_map(|(now, before)| Some((*now)? - (*before)?))
    }
}

impl Sum {
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            publications: self.publications - before.publications,
            reads: self.reads - before.reads,
            frames: self.frames - before.frames,
            bytes: self.bytes - before.bytes,
            skipped: self.skipped - before.skipped,
            disordered: self.disordered - before.disordered,
        }
    }
}

impl Ear {
    fn heard(&self) -> Heard {
        let mut total = Sum::default();
        let publications = self.listeners.iter().map(|counters| {
            let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
            let publications = load(&counters.publications);
            total.publications += publications;
            total.reads += load(&counters.reads);
            total.frames += load(&counters.frames);
            total.bytes += load(&counters.bytes);
            total.skipped += load(&counters.skipped);
            total.disordered += load(&counters.disordered);
            (!counters.is_lost.load(Ordering::Relaxed)).then_some(publications)
        });
        let publications = publications.collect();
        Heard { publications, total }
    }

    fn lose(&self, number: usize, why: String) {
        self.listeners[number].is_lost.store(true, Ordering::Relaxed);
        *lock(&self.lost).entry(why).or_default() += 1;
    }
}

async fn listen(mut link: Link, ear: Arc<Ear>, number: usize, is_stamped: bool) {
    let mut last_offset = 0;
    loop {
        let (mut publications, mut other) = (0, None);
        let counters = &ear.listeners[number];
        let heard = link.hear(|message| match message.kind {
            Kind::Publication(_) if !ear.counts(message) => {}
            Kind::Publication(offset) => {
                publications += 1;
                if offset > 0 {
                    counters.follow(last_offset, offset);
                    last_offset = last_offset.max(offset);
                }
                if is_stamped {
                    ear.time(message);
                }
            }
            Kind::Other => other = Some(message.bytes.to_vec()),
            Kind::Answer | Kind::Ping => {}
        });
        let traffic = match heard.await {
            Ok(traffic) => traffic,
            Err(fault) => return ear.lose(number, format!("{fault:#}")),
        };
        counters.reads.fetch_add(u64::from(traffic.frames > 0), Ordering::Relaxed);
        counters.frames.fetch_add(traffic.frames, Ordering::Relaxed);
        counters.bytes.fetch_add(traffic.bytes, Ordering::Relaxed);
        counters.publications.fetch_add(publications, Ordering::Relaxed);
        if let Some(why) = other.and_then(|message| link.protocol().ending(&message)) {
            return ear.lose(number, why);
        }
    }
}

impl Counters {
    /// Offsets of a stream follow each other by one.
    fn follow(&self, last: u64, offset: u64) {
        if last == 0 || offset == last + 1 {
            return;
        }
        match offset.checked_sub(last + 1) {
            Some(skipped) => self.skipped.fetch_add(skipped, Ordering::Relaxed),
            None => self.disordered.fetch_add(1, Ordering::Relaxed),
        };
    }
}

impl Ear {
    fn counts(&self, message: Message<'_>) -> bool {
        self.mark.as_ref().is_none_or(|mark| mark.find(message.bytes).is_some())
    }

    fn time(&self, message: Message<'_>) {
        if let Some(age) = self.stamps.age(message.bytes) {
            lock(&self.latency).record(age);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_left_out_and_offsets_that_come_again_are_told_apart() {
        let counters = Counters::default();
        let offsets = [4, 5, 8, 8, 6, 9];
        let mut last = 0;
        for offset in offsets {
            counters.follow(last, offset);
            last = last.max(offset);
        }
        assert_eq!(counters.skipped.into_inner(), 2);
        assert_eq!(counters.disordered.into_inner(), 2);
    }

    #[test]
    fn who_was_lost_is_not_waited_for() {
        let heard = |publications: [Option<u64>; 3]| Heard {
            publications: publications.into(),
            total: Sum::default(),
        };
        let (before, now) = (heard([Some(1), Some(1), None]), heard([Some(4), None, None]));
        assert_eq!(now.since(&before).collect::<Vec<_>>(), [3]);
    }
}
