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
use tokio::time::Instant;

use crate::{
    broker::{Announcement, StreamPosition, stream::weight},
    hub::{
        Mailbox, Signal,
        batch::{Batch, Run},
        pace::{Gathering, Pace, Turn},
    },
    ids::{ChannelName, ConnectionId},
    protocol::{code::DisconnectCode, payload::NotJson},
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
    /// How much the channel had gathered when it came: that is not for it.
    since: u64,
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

/// A channel with subscribers.
#[derive(Default)]
struct Topic {
    subscribers: HashMap<ConnectionId, Subscriber>,
    /// Only of a channel that is paced.
    gathering: Option<Box<Gathering>>,
}

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
        let (mailbox, stage) = (Arc::clone(mailbox), Stage::Joining(Vec::new()));
        let mut shard = self.shard(channel);
        let topic = shard.entry(channel.clone()).or_default();
        let since = topic.gathering.as_ref().map_or(0, |gathering| gathering.count());
        let id = mailbox.id();
        topic.subscribers.insert(id, Subscriber { mailbox, wishes, stage, since });
    }

    /// Makes the subscription live at `place`; what waited follows. The caller flushes the mailbox.
    pub fn go_live(&self, channel: &ChannelName, connection: ConnectionId, place: Place) {
        let mut shard = self.shard(channel);
        let topic = shard.get_mut(channel);
        let Some(subscriber) = topic.and_then(|topic| topic.subscribers.get_mut(&connection))
        else {
            return;
        };
        let stage = std::mem::replace(&mut subscriber.stage, Stage::Live(place));
        match stage {
            Stage::Joining(waiting) => {
                for announcement in &waiting {
                    let first = subscriber.since;
                    let mut batch = Batch::new(channel, std::slice::from_ref(announcement), first);
                    if subscriber.hear(&mut batch) {
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
        let subscribers = &mut topic.subscribers;
        let was_there = subscribers.remove(&connection).is_some();
        if subscribers.is_empty() {
            shard.remove(channel);
        } else if subscribers.capacity() > 64 && subscribers.len() < subscribers.capacity() / 4 {
            subscribers.shrink_to_fit();
        }
        was_there
    }

    /// Delivers to every subscriber, or lets a publication wait for others as `pace` says.
    pub fn deliver(
        &self,
        channel: &ChannelName,
        announcement: &Announcement,
        pace: Option<Pace>,
    ) -> Delivered {
        let mut shard = self.shard(channel);
        let Some(topic) = shard.get_mut(channel) else { return Delivered::default() };
        match (pace, announcement) {
            (Some(pace), Announcement::Publication { publication, .. }) => {
                topic.gather(channel, announcement, weight(publication), pace)
            }
            _ => {
                // Joins, leaves and publications keep their order.
                let mut delivered = topic.release(channel);
                let first = topic.gathering.as_ref().map_or(0, |gathering| gathering.count());
                delivered.add(topic.tell(&mut Batch::new(
                    channel,
                    std::slice::from_ref(announcement),
                    first,
                )));
                delivered
            }
        }
    }

    /// Delivers what the channel gathered.
    pub fn release(&self, channel: &ChannelName) -> Delivered {
        let mut shard = self.shard(channel);
        shard.get_mut(channel).map_or_else(Delivered::default, |topic| topic.release(channel))
    }

    /// Puts `data` in the place of what the publication at `offset` says, if it has not left yet.
    pub fn redact(&self, channel: &ChannelName, offset: u64, data: &Bytes) {
        let mut shard = self.shard(channel);
        let gathering = shard.get_mut(channel).and_then(|topic| topic.gathering.as_mut());
        if let Some(gathering) = gathering {
            gathering.redact(offset, data);
        }
    }

    /// How many subscribers the channel has on this node.
    pub fn subscribers(&self, channel: &ChannelName) -> usize {
        self.shard(channel).get(channel).map_or(0, |topic| topic.subscribers.len())
    }

    /// The mailboxes of those who subscribe to the channel on this node.
    pub fn readers(&self, channel: &ChannelName) -> Vec<Arc<Mailbox>> {
        let shard = self.shard(channel);
        let readers = shard.get(channel).into_iter().flat_map(|topic| topic.subscribers.values());
        readers.map(|subscriber| Arc::clone(&subscriber.mailbox)).collect()
    }

    /// The channels with subscribers on this node whose names start with `prefix`, and how many
    /// each has; at most `limit`, in order of name.
    pub fn channels(&self, prefix: &str, limit: usize) -> Vec<(ChannelName, usize)> {
        let mut found = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let matching = shard.iter().filter(|(channel, _)| channel.as_str().starts_with(prefix));
            found.extend(
                matching.map(|(channel, topic)| (channel.clone(), topic.subscribers.len())),
            );
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
    /// How many publications were put into mailboxes, one for each reader.
    pub receivers: usize,
    /// How many left together, when some had waited.
    pub gathered: Option<usize>,
    /// Mailboxes that have something to write now.
    pub dirty: Vec<Arc<Mailbox>>,
    /// When [`Topics::release`] is to be called for what waits.
    pub due: Option<Instant>,
}

impl Delivered {
    fn add(&mut self, other: Self) {
        self.receivers += other.receivers;
        self.dirty.extend(other.dirty);
    }
}

impl Topic {
    fn gather(
        &mut self,
        channel: &ChannelName,
        publication: &Announcement,
        bytes: usize,
        pace: Pace,
    ) -> Delivered {
        let size = (bytes, self.subscribers.len());
        let begun = || Box::new(Gathering::new(Instant::now(), pace));
        match self.gathering.get_or_insert_with(begun).take(publication.clone(), size, pace) {
            Turn::Now => self.release(channel),
            Turn::Begins(due) => Delivered { due: Some(due), ..Delivered::default() },
            Turn::Waits => Delivered::default(),
        }
    }

    fn release(&mut self, channel: &ChannelName) -> Delivered {
        let waiting = self.gathering.as_mut().filter(|gathering| gathering.is_waiting());
        let Some(gathering) = waiting else { return Delivered::default() };
        let (waiting, first) = gathering.release();
        let gathered = Some(waiting.len());
        Delivered { gathered, ..self.tell(&mut Batch::new(channel, &waiting, first)) }
    }

    fn tell(&mut self, batch: &mut Batch<'_>) -> Delivered {
        let receivers = self.subscribers.len() * batch.items().len();
        let mut delivered = Delivered { receivers, ..Delivered::default() };
        for subscriber in self.subscribers.values_mut() {
            if subscriber.hear(batch) {
                delivered.dirty.push(Arc::clone(&subscriber.mailbox));
            }
        }
        delivered
    }
}

impl Subscriber {
    /// Takes what leaves; `true` when the mailbox must be flushed.
    fn hear(&mut self, batch: &mut Batch<'_>) -> bool {
        let late = usize::try_from(self.since.saturating_sub(batch.first)).unwrap_or(usize::MAX);
        let Some(items) = batch.items().get(late..).filter(|items| !items.is_empty()) else {
            return false;
        };
        let ignores = self.ignores(items);
        match &mut self.stage {
            Stage::Lost => false,
            Stage::Joining(waiting) => {
                if waiting.len() + items.len() <= JOINING_MAX {
                    waiting.extend_from_slice(items);
                } else {
                    self.stage = Stage::Lost;
                }
                false
            }
            Stage::Live(_) if ignores => false,
            Stage::Live(place) => {
                if late == 0 && place.follow_run(batch) {
                    let frame = batch.whole(self.mailbox.dialect());
                    return self.put(frame);
                }
                self.hear_one_by_one(late, batch)
            }
        }
    }

    /// The way of those who stand in the middle of what leaves, or have missed something.
    fn hear_one_by_one(&mut self, late: usize, batch: &mut Batch<'_>) -> bool {
        let mut must_flush = false;
        for (at, item) in batch.items().iter().enumerate().skip(late) {
            if let (Stage::Live(place), Announcement::Publication { publication, epoch }) =
                (&mut self.stage, item)
            {
                match place.follow(publication.offset, epoch) {
                    Step::Next => {}
                    Step::Past => continue,
                    Step::Gap => {
                        self.lose(batch.channel());
                        break;
                    }
                }
            }
            must_flush |= self.put(batch.one(self.mailbox.dialect(), at));
        }
        must_flush
    }

    /// Joins and leaves are for those who asked for them.
    fn ignores(&self, items: &[Announcement]) -> bool {
        let is_publication = matches!(items, [Announcement::Publication { .. }, ..]);
        !is_publication && !self.wishes.join_leave
    }

    fn put(&self, frame: Result<Bytes, NotJson>) -> bool {
        match frame {
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
    /// Whether all of `batch` is what comes next; then it has been taken.
    fn follow_run(&mut self, batch: &Batch<'_>) -> bool {
        let Self::At(position) = self else { return true };
        let Some(Run { first, last, epoch }) = batch.run else { return false };
        let follows = position.offset + 1 == first && position.epoch == *epoch;
        if follows {
            position.offset = last;
        }
        follows
    }

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
