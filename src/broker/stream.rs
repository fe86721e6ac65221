//! One channel's stream: a ring of publications with contiguous offsets and one epoch.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::{
    broker::{Keep, Page, Query, StreamPosition},
    protocol::publication::Publication,
};

/// A stream, from its first mention until nobody has cared for long enough.
#[derive(Debug)]
pub struct Stream {
    epoch: Arc<str>,
    top: u64,
    ring: VecDeque<Arc<Publication>>,
    /// When the ring's content is void, whole: each publication moves it on.
    void_at: Option<Instant>,
    touched_at: Instant,
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            epoch: fresh_epoch(),
            top: 0,
            ring: VecDeque::new(),
            void_at: None,
            touched_at: Instant::now(),
        }
    }
}

impl Stream {
    /// Where the stream stands.
    pub fn position(&self) -> StreamPosition {
        StreamPosition { offset: self.top, epoch: Arc::clone(&self.epoch) }
    }

    /// Takes a publication in: gives it the next offset, keeps what `keep` allows.
    pub fn append(&mut self, mut publication: Publication, keep: Keep) -> Arc<Publication> {
        let now = Instant::now();
        self.expire(now);
        self.top += 1;
        publication.offset = self.top;
        if self.top == 1 {
            publication.epoch = self.epoch.to_string();
        }
        let publication = Arc::new(publication);
        self.ring.push_back(Arc::clone(&publication));
        while self.ring.len() > keep.size {
            self.ring.pop_front();
        }
        self.void_at = now.checked_add(keep.ttl);
        self.touched_at = now;
        publication
    }

    /// Reads a part of the stream.
    pub fn read(&mut self, query: &Query) -> Page {
        self.touched_at = Instant::now();
        self.expire(self.touched_at);
        let first = self.ring.front().map_or(self.top + 1, |publication| publication.offset);
        let len = self.ring.len() as u64;
        let taken = |publication: &Arc<Publication>| Arc::clone(publication);
        let publications = if query.reverse {
            let end = query.since.map_or(len, |since| since.saturating_sub(first).min(len));
            self.ring.range(..end as usize).rev().take(query.limit).map(taken).collect()
        } else {
            let start = query.since.map_or(0, |since| (since + 1).saturating_sub(first).min(len));
            self.ring.range(start as usize..).take(query.limit).map(taken).collect()
        };
        Page { publications, position: self.position() }
    }

    /// Forgets what it kept; the offset goes on.
    pub fn clear(&mut self) {
        self.ring = VecDeque::new();
    }

    /// Whether it keeps nothing and was left alone for `idle`.
    pub fn is_idle(&mut self, idle: Duration) -> bool {
        let now = Instant::now();
        self.expire(now);
        self.ring.is_empty() && now.duration_since(self.touched_at) >= idle
    }

    fn expire(&mut self, now: Instant) {
        if self.void_at.is_some_and(|void_at| void_at <= now) {
            self.ring = VecDeque::new();
            self.void_at = None;
        }
    }
}

/// Eight random letters: enough that two lives of a stream never share one by chance.
fn fresh_epoch() -> Arc<str> {
    (0..8).map(|_| fastrand::lowercase()).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: Keep = Keep { size: 3, ttl: Duration::from_secs(60) };

    fn offsets(page: &Page) -> Vec<u64> {
        page.publications.iter().map(|publication| publication.offset).collect()
    }

    fn read(stream: &mut Stream, since: Option<u64>, limit: usize, reverse: bool) -> Vec<u64> {
        offsets(&stream.read(&Query { since, limit, reverse }))
    }

    fn filled(count: usize) -> Stream {
        let mut stream = Stream::default();
        for _ in 0..count {
            stream.append(Publication::default(), KEEP);
        }
        stream
    }

    #[tokio::test(start_paused = true)]
    async fn it_keeps_the_newest_and_counts_on() {
        let mut stream = filled(5);
        assert_eq!(stream.position().offset, 5);
        assert_eq!(read(&mut stream, None, 10, false), [3, 4, 5]);
        assert_eq!(read(&mut stream, None, 2, true), [5, 4]);
    }

    #[tokio::test(start_paused = true)]
    async fn since_is_exclusive_in_both_directions() {
        let mut stream = filled(5);
        assert_eq!(read(&mut stream, Some(3), 10, false), [4, 5]);
        assert_eq!(read(&mut stream, Some(5), 10, false), [0_u64; 0]);
        assert_eq!(read(&mut stream, Some(1), 10, false), [3, 4, 5]);
        assert_eq!(read(&mut stream, Some(5), 10, true), [4, 3]);
        assert_eq!(read(&mut stream, Some(9), 10, true), [5, 4, 3]);
        assert_eq!(read(&mut stream, Some(3), 10, true), [0_u64; 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_ring_is_void_after_its_time_and_the_offset_goes_on() {
        let mut stream = filled(2);
        tokio::time::advance(Duration::from_secs(61)).await;
        assert_eq!(read(&mut stream, None, 10, false), [0_u64; 0]);
        let epoch = stream.position().epoch;
        stream.append(Publication::default(), KEEP);
        assert_eq!(stream.position(), StreamPosition { offset: 3, epoch });
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_first_publication_carries_the_epoch() {
        let mut stream = Stream::default();
        assert!(!stream.append(Publication::default(), KEEP).epoch.is_empty());
        assert!(stream.append(Publication::default(), KEEP).epoch.is_empty());
    }
}
