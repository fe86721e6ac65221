//! The broker of one process: streams and presence behind sharded locks.
//!
//! A channel's order is the order in which its shard's lock is taken; the announcement is delivered
//! under it, so that every subscriber sees publications, joins and leaves in that one order. The
//! hub's delivery takes only locks of its own below and never calls back.
//!
//! A stream is kept from its first publication on: who asks where one stands leaves nothing behind,
//! however many channels they name. All streams together are bounded, see [`room`].

mod room;

use std::{
    collections::HashMap,
    hash::BuildHasher,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::Instant;

use self::room::Room;
use crate::{
    broker::{
        Afterwards, Announcement, Draft, Keep, Node, Page, Query, StreamPosition, stream::Stream,
    },
    config::hub::Hub as Config,
    ids::{ChannelName, ConnectionId},
    protocol::publication::{ClientInfo, Publication},
    telemetry::instrument::Count,
};

/// How many locks the channels are spread over: more than cores, so that two rarely meet.
const SHARDS: usize = 64;

/// How many counts of lives there are in a shard. Channels share them: it does no harm when a life
/// of another channel counts, but a client that was away may be told in vain that it missed something.
const LIVES: usize = 1_024;

/// The in-process broker.
pub struct Memory {
    shards: Vec<Mutex<Shard>>,
    hasher: std::hash::RandomState,
    node: OnceLock<Node>,
    idempotency_ttl: Duration,
    stream_idle_ttl: Duration,
    room: Room,
}

struct Shard {
    streams: HashMap<ChannelName, Stream>,
    /// How many streams were forgotten of the channels that share a place.
    lives: Box<[u32]>,
    presence: HashMap<ChannelName, HashMap<ConnectionId, ClientInfo>>,
    done: HashMap<(ChannelName, String), (StreamPosition, Instant)>,
}

impl Default for Shard {
    fn default() -> Self {
        Self {
            streams: HashMap::new(),
            lives: vec![0; LIVES].into(),
            presence: HashMap::new(),
            done: HashMap::new(),
        }
    }
}

impl Memory {
    /// A broker with the bounds of `config`, which counts streams that had to go in `evictions`.
    pub fn new(config: &Config, evictions: Count) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: std::hash::RandomState::new(),
            node: OnceLock::new(),
            idempotency_ttl: config.idempotency_ttl.0,
            stream_idle_ttl: config.stream_idle_ttl.0,
            room: Room::new(config.streams_max.0, evictions),
        }
    }

    /// Tells who listens here. Only the first call counts: one process has one hub.
    pub fn attach(&self, node: Node) {
        let _first_wins = self.node.set(node);
    }

    /// How much memory all streams take, in bytes.
    pub fn held(&self) -> usize {
        self.room.held()
    }

    /// Publishes to the channel, through its stream when it keeps one.
    pub fn publish(&self, channel: &ChannelName, draft: Draft, keep: Keep) -> StreamPosition {
        let mut shard = self.shard(channel);
        let key = draft.idempotency_key.map(|key| (channel.clone(), key));
        if let Some(position) = key.as_ref().and_then(|key| shard.done_before(key)) {
            return position;
        }
        let publication = Publication {
            data: draft.data,
            info: draft.info,
            tags: draft.tags,
            ..Publication::default()
        };
        let (publication, position) = if keep.size == 0 || draft.skip_history {
            (Arc::new(publication), StreamPosition::default())
        } else {
            self.append(&mut shard, channel, publication, keep)
        };
        if let Some(key) = key {
            shard.done.insert(key, (position.clone(), Instant::now() + self.idempotency_ttl));
        }
        let epoch = Arc::clone(&position.epoch);
        let afterwards = self.announce(channel, &Announcement::Publication { publication, epoch });
        drop(shard);
        run(afterwards);
        if self.room.is_full() {
            self.make_room();
        }
        position
    }

    /// Reads a part of the channel's stream, and where it stands.
    pub fn history(&self, channel: &ChannelName, query: &Query) -> Page {
        let mut shard = self.shard(channel);
        match shard.streams.get_mut(channel) {
            Some(stream) => self.room.watch(stream, |stream| stream.read(query)),
            None => {
                let epoch = self.epoch(&shard.lives, channel);
                Page { publications: Vec::new(), position: StreamPosition { offset: 0, epoch } }
            }
        }
    }

    /// Forgets the channel's publications; offsets go on.
    pub fn clear_history(&self, channel: &ChannelName) {
        if let Some(stream) = self.shard(channel).streams.get_mut(channel) {
            self.room.watch(stream, Stream::clear);
        }
    }

    /// Puts `data` in place of what the publication at `offset` says; `false` when it is not kept.
    pub fn redact(&self, channel: &ChannelName, offset: u64, data: Bytes) -> bool {
        let mut shard = self.shard(channel);
        let Some(stream) = shard.streams.get_mut(channel) else { return false };
        self.room.watch(stream, |stream| stream.redact(offset, data))
    }

    /// Notes who is in the channel.
    pub fn enter(&self, channel: &ChannelName, connection: ConnectionId, info: ClientInfo) {
        let mut shard = self.shard(channel);
        shard.presence.entry(channel.clone()).or_default().insert(connection, info);
    }

    /// Notes who is no longer in the channel.
    pub fn exit(&self, channel: &ChannelName, connection: ConnectionId) {
        let mut shard = self.shard(channel);
        if let Some(present) = shard.presence.get_mut(channel) {
            present.remove(&connection);
            if present.is_empty() {
                shard.presence.remove(channel);
            }
        }
    }

    /// Who is in the channel.
    pub fn presence(&self, channel: &ChannelName) -> Vec<(ConnectionId, ClientInfo)> {
        let shard = self.shard(channel);
        let present = shard.presence.get(channel);
        present.into_iter().flatten().map(|(id, info)| (*id, info.clone())).collect()
    }

    /// Announces a join or a leave, in order with the publications.
    pub fn announce_presence(&self, channel: &ChannelName, announcement: &Announcement) {
        let order = self.shard(channel);
        let afterwards = self.announce(channel, announcement);
        drop(order);
        run(afterwards);
    }

    /// Forgets streams that keep nothing, were left alone for long and have no subscriber here, and
    /// idempotency keys that are past their time.
    pub fn sweep(&self) {
        let now = Instant::now();
        for shard in &self.shards {
            let mut shard = lock(shard);
            self.forget(&mut shard, |channel, stream| {
                stream.is_idle(self.stream_idle_ttl) && !self.is_occupied(channel)
            });
            shard.done.retain(|_, (_, until)| *until > now);
        }
        self.room.settle();
    }

    fn append(
        &self,
        shard: &mut Shard,
        channel: &ChannelName,
        publication: Publication,
        keep: Keep,
    ) -> (Arc<Publication>, StreamPosition) {
        let Shard { streams, lives, .. } = shard;
        let stream = streams.entry(channel.clone()).or_insert_with(|| {
            let stream = Stream::new(self.epoch(lives, channel));
            self.room.changes(0, stream.held());
            stream
        });
        self.room.watch(stream, |stream| (stream.append(publication, keep), stream.position()))
    }

    /// Forgets streams of a shard that are `over`; the next life of each has another epoch.
    fn forget(
        &self,
        shard: &mut Shard,
        mut is_over: impl FnMut(&ChannelName, &mut Stream) -> bool,
    ) {
        let Shard { streams, lives, .. } = shard;
        streams.retain(|channel, stream| {
            let is_over = self.room.watch(stream, |stream| is_over(channel, stream));
            if is_over {
                self.room.changes(stream.held(), 0);
                let lives = &mut lives[self.life(channel)];
                *lives = lives.wrapping_add(1);
            }
            !is_over
        });
    }

    /// What a stream's life is called that begins now: eight letters, enough that two lives of a
    /// channel never share them by chance. They are no secret, but nobody can choose them.
    fn epoch(&self, lives: &[u32], channel: &ChannelName) -> Arc<str> {
        let mut rest = self.hasher.hash_one((channel, lives[self.life(channel)]));
        let letter = |_| {
            let letter = b'a' + (rest % 26) as u8;
            rest /= 26;
            char::from(letter)
        };
        (0..8).map(letter).collect::<String>().into()
    }

    fn announce(&self, channel: &ChannelName, announcement: &Announcement) -> Option<Afterwards> {
        self.node.get().and_then(|node| (node.deliver)(channel, announcement))
    }

    fn is_occupied(&self, channel: &ChannelName) -> bool {
        self.node.get().is_some_and(|node| (node.is_occupied)(channel))
    }

    /// Where lives of the channel's streams are counted in its shard.
    fn life(&self, channel: &ChannelName) -> usize {
        self.hasher.hash_one(channel) as usize / SHARDS % LIVES
    }

    fn shard(&self, channel: &ChannelName) -> MutexGuard<'_, Shard> {
        lock(&self.shards[self.hasher.hash_one(channel) as usize % SHARDS])
    }
}

impl Shard {
    fn done_before(&self, key: &(ChannelName, String)) -> Option<StreamPosition> {
        let (position, until) = self.done.get(key)?;
        (*until > Instant::now()).then(|| position.clone())
    }
}

fn run(afterwards: Option<Afterwards>) {
    if let Some(afterwards) = afterwards {
        afterwards();
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
