//! The broker of one process: streams and presence behind sharded locks.
//!
//! A channel's order is the order in which its shard's lock is taken; the announcement is delivered
//! under it, so that every subscriber sees publications, joins and leaves in that one order. The
//! hub's delivery takes only locks of its own below and never calls back.

use std::{
    collections::HashMap,
    hash::BuildHasher,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    broker::{
        Afterwards, Announcement, Deliver, Draft, Keep, Page, Query, StreamPosition, stream::Stream,
    },
    ids::{ChannelName, ConnectionId},
    protocol::publication::{ClientInfo, Publication},
};

/// How many locks the channels are spread over: more than cores, so that two rarely meet.
const SHARDS: usize = 64;

/// The in-process broker.
pub struct Memory {
    shards: Vec<Mutex<Shard>>,
    hasher: std::hash::RandomState,
    deliver: OnceLock<Deliver>,
    idempotency_ttl: Duration,
}

#[derive(Default)]
struct Shard {
    streams: HashMap<ChannelName, Stream>,
    presence: HashMap<ChannelName, HashMap<ConnectionId, ClientInfo>>,
    done: HashMap<(ChannelName, String), (StreamPosition, Instant)>,
}

impl Memory {
    /// A broker that remembers idempotency keys for `idempotency_ttl`.
    pub fn new(idempotency_ttl: Duration) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: std::hash::RandomState::new(),
            deliver: OnceLock::new(),
            idempotency_ttl,
        }
    }

    /// Tells where announcements go. Only the first call counts: one process has one hub.
    pub fn attach(&self, deliver: Deliver) {
        let _first_wins = self.deliver.set(deliver);
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
            let stream = shard.stream(channel);
            (stream.append(publication, keep), stream.position())
        };
        if let Some(key) = key {
            shard.done.insert(key, (position.clone(), Instant::now() + self.idempotency_ttl));
        }
        let epoch = Arc::clone(&position.epoch);
        let afterwards = self.announce(channel, &Announcement::Publication { publication, epoch });
        drop(shard);
        run(afterwards);
        position
    }

    /// Reads a part of the channel's stream, and where it stands.
    pub fn history(&self, channel: &ChannelName, query: &Query) -> Page {
        self.shard(channel).stream(channel).read(query)
    }

    /// Forgets the channel's publications; offsets go on.
    pub fn clear_history(&self, channel: &ChannelName) {
        if let Some(stream) = self.shard(channel).streams.get_mut(channel) {
            stream.clear();
        }
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

    /// Forgets streams that keep nothing, were left alone for `idle` and have no subscriber here,
    /// and idempotency keys that are past their time.
    pub fn sweep(&self, idle: Duration, is_occupied: impl Fn(&ChannelName) -> bool) {
        let now = Instant::now();
        for shard in &self.shards {
            let mut shard = lock(shard);
            shard.streams.retain(|channel, stream| !stream.is_idle(idle) || is_occupied(channel));
            shard.done.retain(|_, (_, until)| *until > now);
        }
    }

    fn announce(&self, channel: &ChannelName, announcement: &Announcement) -> Option<Afterwards> {
        self.deliver.get().and_then(|deliver| deliver(channel, announcement))
    }

    fn shard(&self, channel: &ChannelName) -> MutexGuard<'_, Shard> {
        lock(&self.shards[self.hasher.hash_one(channel) as usize % SHARDS])
    }
}

impl Shard {
    fn stream(&mut self, channel: &ChannelName) -> &mut Stream {
        self.streams.entry(channel.clone()).or_default()
    }

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
