//! One channel's stream: a ring of publications with contiguous offsets and one epoch.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::Instant;

use crate::{
    broker::{Keep, Page, Query, StreamPosition},
    protocol::publication::Publication,
};

/// What a stream takes beside its publications: its entry, the channel's name, its epoch.
pub const STREAM_OVERHEAD: usize = 256;

/// What a publication takes beside its payload, and a tag beside its text.
const ITEM_OVERHEAD: usize = size_of::<Publication>() + 64;
const TAG_OVERHEAD: usize = 64;

/// A stream, from its first publication until nobody has cared for long enough.
#[derive(Debug)]
pub struct Stream {
    epoch: Arc<str>,
    top: u64,
    ring: VecDeque<Arc<Publication>>,
    /// What the ring takes, in bytes.
    bytes: usize,
    /// When the ring's content is void, whole: each publication moves it on.
    void_at: Option<Instant>,
    touched_at: Instant,
}

impl Stream {
    /// An empty stream, whose life is called `epoch`.
    pub fn new(epoch: Arc<str>) -> Self {
        let (ring, touched_at) = (VecDeque::new(), Instant::now());
        Self { epoch, top: 0, ring, bytes: 0, void_at: None, touched_at }
    }

    /// How much memory it takes, in bytes.
    pub fn held(&self) -> usize {
        STREAM_OVERHEAD + self.bytes
    }

    /// When it was last read or published to.
    pub fn touched_at(&self) -> Instant {
        self.touched_at
    }

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
        self.bytes += weight(&publication);
        self.ring.push_back(Arc::clone(&publication));
        while self.ring.len() > keep.size {
            let oldest = self.ring.pop_front();
            self.bytes -= oldest.map_or(0, |oldest| weight(&oldest));
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
            // The offset is a client's word.
            let behind = |since: u64| since.saturating_add(1).saturating_sub(first).min(len);
            let start = query.since.map_or(0, behind);
            self.ring.range(start as usize..).take(query.limit).map(taken).collect()
        };
        Page { publications, position: self.position() }
    }

    /// Forgets what it kept; the offset goes on.
    pub fn clear(&mut self) {
        (self.ring, self.bytes) = (VecDeque::new(), 0);
    }

    /// Puts `data` in place of what the publication at `offset` says, and of who published it; `false`
    /// when the ring no longer keeps it.
    pub fn redact(&mut self, offset: u64, data: Bytes) -> bool {
        self.expire(Instant::now());
        let first = self.ring.front().map_or(0, |publication| publication.offset);
        let place = offset.checked_sub(first).and_then(|at| usize::try_from(at).ok());
        let Some(kept) = place.and_then(|at| self.ring.get_mut(at)) else { return false };
        let epoch = kept.epoch.clone();
        let redacted = Publication { offset, epoch, data, ..Publication::default() };
        self.bytes = self.bytes - weight(kept) + weight(&redacted);
        *kept = Arc::new(redacted);
        true
    }

    /// Whether it keeps nothing and was left alone for `idle`.
    pub fn is_idle(&mut self, idle: Duration) -> bool {
        let now = Instant::now();
        self.expire(now);
        self.ring.is_empty() && now.duration_since(self.touched_at) >= idle
    }

    fn expire(&mut self, now: Instant) {
        if self.void_at.is_some_and(|void_at| void_at <= now) {
            self.clear();
            self.void_at = None;
        }
    }
}

/// What a publication takes in a ring, or on its way to readers, in bytes.
pub fn weight(publication: &Publication) -> usize {
    let Publication { data, info, tags, .. } = publication;
    let info = info.as_ref().map_or(0, |info| {
        info.user.len() + info.client.len() + info.conn_info.len() + info.chan_info.len()
    });
    let tags = tags.iter().map(|(name, value)| TAG_OVERHEAD + name.len() + value.len());
    ITEM_OVERHEAD + data.len() + info + tags.sum::<usize>()
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
        let mut stream = Stream::new("life".into());
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
        assert_eq!(read(&mut stream, Some(u64::MAX), 10, false), [0_u64; 0]);
        assert_eq!(read(&mut stream, Some(u64::MAX), 1, true), [5]);
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
    async fn it_takes_what_its_publications_take() {
        let mut stream = filled(9);
        let empty = KEEP.size * ITEM_OVERHEAD + STREAM_OVERHEAD;
        assert_eq!(stream.held(), empty);
        let tags = [("a".to_owned(), "bc".to_owned())].into();
        let data = vec![0; 1_000].into();
        stream.append(Publication { data, tags, ..Publication::default() }, KEEP);
        assert_eq!(stream.held(), empty + 1_000 + TAG_OVERHEAD + 3);
        stream.clear();
        assert_eq!(stream.held(), STREAM_OVERHEAD);
        let mut void = filled(2);
        tokio::time::advance(Duration::from_secs(61)).await;
        void.is_idle(Duration::ZERO);
        assert_eq!(void.held(), STREAM_OVERHEAD);
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_first_publication_carries_the_epoch() {
        let mut stream = Stream::new("life".into());
        assert!(!stream.append(Publication::default(), KEEP).epoch.is_empty());
        assert!(stream.append(Publication::default(), KEEP).epoch.is_empty());
    }
}
