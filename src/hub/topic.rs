//! Who listens to what on this node, and the delivery of announcements to them.
//!
//! A subscriber first *joins*: announcements wait for it until its subscribe reply is in its
//! mailbox, so that the reply always comes before the first publication. Then it is *live*, and a
//! positioned subscriber sees each offset once, in order, or is told that it lost its place.

use std::{
    collections::HashMap,
    hash::BuildHasher,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use crate::{
    broker::{Announcement, StreamPosition},
    hub::{Dialect, Mailbox, Signal},
    ids::{ChannelName, ConnectionId},
    protocol::{code::DisconnectCode, payload::NotJson, push::Push},
};

/// How many locks the channels are spread over.
const SHARDS: usize = 64;

/// So many announcements wait for a subscriber that joins; more and it starts over.
const JOINING_MAX: usize = 512;

/// Where a subscriber stands once it is live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// It takes publications as they come.
    Unpositioned,
    /// The next publication must follow this one.
    At(StreamPosition),
}

/// What a subscriber wants to hear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Joins and leaves too.
    pub join_leave: bool,
}

struct Subscriber {
    mailbox: Arc<Mailbox>,
    wishes: Wishes,
    stage: Stage,
}

enum Stage {
    Joining(Vec<Announcement>),
    Live(Place),
    Lost,
}

/// The channels of this node.
pub struct Topics {
    shards: Vec<Mutex<HashMap<ChannelName, Topic>>>,
    hasher: std::hash::RandomState,
}

type Topic = HashMap<ConnectionId, Subscriber>;

impl Default for Topics {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: std::hash::RandomState::new(),
        }
    }
}

impl Topics {
    /// Begins a subscription: announcements wait until [`Topics::go_live`].
    pub fn join(&self, channel: &ChannelName, mailbox: &Arc<Mailbox>, wishes: Wishes) {
        let stage = Stage::Joining(Vec::new());
        let subscriber = Subscriber { mailbox: Arc::clone(mailbox), wishes, stage };
        let mut shard = self.shard(channel);
        shard.entry(channel.clone()).or_default().insert(mailbox.id(), subscriber);
    }

    /// Makes the subscription live at `place`; what waited follows. The caller flushes the mailbox.
    pub fn go_live(&self, channel: &ChannelName, connection: ConnectionId, place: Place) {
        let mut shard = self.shard(channel);
        let Some(subscriber) = shard.get_mut(channel).and_then(|topic| topic.get_mut(&connection))
        else {
            return;
        };
        let stage = std::mem::replace(&mut subscriber.stage, Stage::Live(place));
        match stage {
            Stage::Joining(waiting) => {
                for announcement in waiting {
                    let mut frames = Frames::new(channel, &announcement);
                    if subscriber.hear(channel, &announcement, &mut frames) {
                        subscriber.mailbox.flush();
                    }
                }
            }
            Stage::Lost => subscriber.lose(channel),
            Stage::Live(_) => {}
        }
    }

    /// Ends a subscription; `false` when there was none.
    pub fn leave(&self, channel: &ChannelName, connection: ConnectionId) -> bool {
        let mut shard = self.shard(channel);
        let Some(topic) = shard.get_mut(channel) else { return false };
        let was_there = topic.remove(&connection).is_some();
        if topic.is_empty() {
            shard.remove(channel);
        } else if topic.capacity() > 64 && topic.len() < topic.capacity() / 4 {
            topic.shrink_to_fit();
        }
        was_there
    }

    /// Delivers to every subscriber; returns the mailboxes to flush.
    pub fn deliver(&self, channel: &ChannelName, announcement: &Announcement) -> Delivered {
        let mut shard = self.shard(channel);
        let Some(topic) = shard.get_mut(channel) else { return Delivered::default() };
        let mut frames = Frames::new(channel, announcement);
        let mut delivered = Delivered { receivers: topic.len(), dirty: Vec::new() };
        for subscriber in topic.values_mut() {
            if subscriber.hear(channel, announcement, &mut frames) {
                delivered.dirty.push(Arc::clone(&subscriber.mailbox));
            }
        }
        delivered
    }

    /// How many subscribers the channel has on this node.
    pub fn subscribers(&self, channel: &ChannelName) -> usize {
        self.shard(channel).get(channel).map_or(0, HashMap::len)
    }

    /// The channels with subscribers on this node whose names start with `prefix`, and how many
    /// each has; at most `limit`, in order of name.
    pub fn channels(&self, prefix: &str, limit: usize) -> Vec<(ChannelName, usize)> {
        let mut found = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let matching = shard.iter().filter(|(channel, _)| channel.as_str().starts_with(prefix));
            found.extend(matching.map(|(channel, topic)| (channel.clone(), topic.len())));
        }
        found.sort();
        found.truncate(limit);
        found
    }

    fn shard(&self, channel: &ChannelName) -> MutexGuard<'_, HashMap<ChannelName, Topic>> {
        let shard = self.hasher.hash_one(channel) as usize % SHARDS;
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a delivery came to.
#[derive(Default)]
pub struct Delivered {
    /// How many subscribers the channel had.
    pub receivers: usize,
    /// Mailboxes that have something to write now.
    pub dirty: Vec<Arc<Mailbox>>,
}

impl Subscriber {
    /// Takes an announcement; `true` when the mailbox must be flushed.
    fn hear(
        &mut self,
        channel: &ChannelName,
        what: &Announcement,
        frames: &mut Frames<'_>,
    ) -> bool {
        match (&mut self.stage, what) {
            (Stage::Lost, _) => return false,
            (Stage::Joining(waiting), _) if waiting.len() < JOINING_MAX => {
                waiting.push(what.clone());
                return false;
            }
            (Stage::Joining(_), _) => {
                self.stage = Stage::Lost;
                return false;
            }
            (Stage::Live(place), Announcement::Publication { publication, epoch }) => {
                match place.follow(publication.offset, epoch) {
                    Step::Next => {}
                    Step::Past => return false,
                    Step::Gap => {
                        self.lose(channel);
                        return false;
                    }
                }
            }
            (Stage::Live(_), Announcement::Join(_) | Announcement::Leave(_)) => {
                if !self.wishes.join_leave {
                    return false;
                }
            }
        }
        match frames.frame(self.mailbox.dialect()) {
            Ok(frame) => self.mailbox.send(frame),
            Err(NotJson) => {
                self.mailbox.close(DisconnectCode::InappropriateProtocol);
                false
            }
        }
    }

    fn lose(&mut self, channel: &ChannelName) {
        self.stage = Stage::Lost;
        self.mailbox.signal(Signal::Lost(channel.clone()));
    }
}

enum Step {
    Next,
    Past,
    Gap,
}

impl Place {
    fn follow(&mut self, offset: u64, epoch: &Arc<str>) -> Step {
        let Self::At(position) = self else { return Step::Next };
        if offset == 0 {
            // A publication outside the stream has no place in it.
            return Step::Next;
        }
        // Nothing was published since it asked where the stream stands: the life that begins now is
        // the one that it follows.
        if position.epoch.is_empty() || (position.offset, offset) == (0, 1) {
            position.epoch = Arc::clone(epoch);
        } else if position.epoch != *epoch {
            return Step::Gap;
        }
        match offset.cmp(&(position.offset + 1)) {
            std::cmp::Ordering::Less => Step::Past,
            std::cmp::Ordering::Equal => {
                position.offset = offset;
                Step::Next
            }
            std::cmp::Ordering::Greater => Step::Gap,
        }
    }
}

/// One announcement, encoded once for each dialect that somebody speaks.
struct Frames<'a> {
    channel: &'a ChannelName,
    announcement: &'a Announcement,
    made: [Option<Bytes>; Dialect::COUNT],
}

impl<'a> Frames<'a> {
    fn new(channel: &'a ChannelName, announcement: &'a Announcement) -> Self {
        Self { channel, announcement, made: Default::default() }
    }

    /// The frame in `dialect`; an error when the payload is not JSON and the dialect is.
    fn frame(&mut self, dialect: Dialect) -> Result<Bytes, NotJson> {
        if let Some(frame) = &self.made[dialect as usize] {
            return Ok(frame.clone());
        }
        let frame = match self.announcement {
            Announcement::Publication { publication, .. } => {
                dialect.publication(self.channel, publication)?
            }
            Announcement::Join(info) => {
                dialect.push(Push::join(self.channel.as_str(), info.clone()))?
            }
            Announcement::Leave(info) => {
                dialect.push(Push::leave(self.channel.as_str(), info.clone()))?
            }
        };
        self.made[dialect as usize] = Some(frame.clone());
        Ok(frame)
    }
}
