//! The ends of ticks: when what a busy channel gathered is to leave.
//!
//! One list and one task for all channels. Ticks grow while the writers are behind, so that a node
//! under load writes fewer, larger frames instead of falling further back.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{hub::Hub, ids::ChannelName};

/// Ticks that will end. A channel is in it once at most, so it is bounded by the channels.
pub(super) struct Ticker {
    due: Mutex<BinaryHeap<Reverse<(Instant, ChannelName)>>>,
    news: Notify,
    shortest: Duration,
    longest: Duration,
    now_us: AtomicU64,
}

impl Ticker {
    /// Ticks between `shortest` and `longest`.
    pub(super) fn new(shortest: Duration, longest: Duration) -> Self {
        let now_us = AtomicU64::new(micros(shortest));
        Self { due: Mutex::default(), news: Notify::new(), shortest, longest, now_us }
    }

    /// How long a tick is now.
    pub(super) fn length(&self) -> Duration {
        Duration::from_micros(self.now_us.load(Ordering::Relaxed))
    }

    /// Notes that the tick of `channel` ends at `due`.
    pub(super) fn add(&self, due: Instant, channel: ChannelName) {
        let mut heap = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let is_next = heap.peek().is_none_or(|Reverse((next, _))| due < *next);
        heap.push(Reverse((due, channel)));
        drop(heap);
        if is_next {
            self.news.notify_one();
        }
    }

    /// Ticks are twice as long while the last one's frames still wait to be written, and grow
    /// shorter again, by a quarter at a time, when they do not.
    pub(super) fn adapt(&self, is_behind: bool) {
        let now = self.length();
        let next = if is_behind { now * 2 } else { now * 3 / 4 };
        let next = next.clamp(self.shortest, self.longest);
        self.now_us.store(micros(next), Ordering::Relaxed);
    }

    /// The channels whose ticks are over, or when the next one is.
    fn over(&self) -> Result<Vec<ChannelName>, Option<Instant>> {
        let now = Instant::now();
        let mut heap = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let mut over = Vec::new();
        while let Some(Reverse((due, _))) = heap.peek() {
            if *due > now {
                break;
            }
            over.extend(heap.pop().map(|Reverse((_, channel))| channel));
        }
        match (over.is_empty(), heap.peek()) {
            (false, _) => Ok(over),
            (true, next) => Err(next.map(|Reverse((due, _))| *due)),
        }
    }
}

impl Hub {
    /// Lets gathered publications leave as their ticks end, until `stop`.
    pub async fn tick_until(&self, stop: CancellationToken) {
        let ticker = &self.0.ticker;
        let mut adapted_at = Instant::now();
        loop {
            let next = match ticker.over() {
                Ok(over) => {
                    // Once a tick, before the first write: what other channels sent a moment ago is
                    // no sign of writers that are behind.
                    if adapted_at.elapsed() >= ticker.length() {
                        ticker.adapt(self.0.flusher.is_behind());
                        adapted_at = Instant::now();
                    }
                    over.iter().for_each(|channel| self.end_tick(channel));
                    continue;
                }
                Err(next) => next,
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = ticker.news.notified() => {}
                () = until(next) => {}
            }
        }
    }

    fn end_tick(&self, channel: &ChannelName) {
        let dirty = self.0.count(self.0.topics.release(channel));
        self.0.flusher.flush(dirty);
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(span: u64) -> Duration {
        Duration::from_millis(span)
    }

    #[test]
    fn ticks_grow_while_writers_are_behind_and_shrink_after() {
        let ticker = Ticker::new(ms(100), ms(500));
        let lengths: Vec<_> = [true, true, true, true, false, false, false, false, false, false]
            .map(|is_behind| {
                ticker.adapt(is_behind);
                ticker.length().as_millis()
            })
            .into();
        assert_eq!(lengths, [200, 400, 500, 500, 375, 281, 210, 158, 118, 100]);
    }

    #[tokio::test(start_paused = true)]
    async fn ticks_end_in_order_of_time() {
        let ticker = Ticker::new(ms(100), ms(500));
        let now = Instant::now();
        for (at, name) in [(30, "c"), (10, "a"), (20, "b")] {
            ticker.add(now + ms(at), ChannelName::from(name));
        }
        assert_eq!(ticker.over(), Err(Some(now + ms(10))));
        tokio::time::advance(ms(20)).await;
        assert_eq!(ticker.over(), Ok(vec![ChannelName::from("a"), ChannelName::from("b")]));
        assert_eq!(ticker.over(), Err(Some(now + ms(30))));
    }
}
