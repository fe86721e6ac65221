//! Who is here, on this node: connections, channels, and the way from a publication to its readers.
//!
//! Knows no domain and no socket: a channel is a name with settings, a payload is bytes, a client is
//! a mailbox. `publish` goes through the broker to every node; each node's hub delivers to its own.

mod batch;
mod deferred;
pub mod dialect;
pub mod flusher;
pub mod mailbox;
pub mod namespace;
pub mod pace;
pub mod pulse;
pub mod registry;
pub mod signal;
mod ticker;
pub mod topic;

#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;
use tokio::time::Instant;

use self::{
    deferred::Deferred,
    flusher::Flusher,
    pace::Pace,
    registry::Registry,
    ticker::Ticker,
    topic::{Delivered, Topics},
};
pub use self::{
    dialect::Dialect,
    mailbox::{Bounds, Flushed, Mailbox, News, Wire},
    namespace::{Misnamed, Namespace, Namespaces},
    registry::Crowded,
    signal::{Invitation, Signal},
    topic::{Place, Wishes},
};
pub use crate::broker::{Draft, Page, Query, StreamPosition};
use crate::{
    broker::{Afterwards, Announcement, Deliver, IsOccupied, Memory, Node},
    config,
    ids::{ChannelName, ConnectionId, UserId},
    protocol::{code::Disconnect, payload, publication::ClientInfo},
    telemetry::{Metrics, instrument::Held, label::ByTransport},
};

/// Why a publication was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The name is no channel of any namespace.
    #[error(transparent)]
    Misnamed(#[from] Misnamed),
    /// The payload is not JSON, and the namespace is not `binary`.
    #[error("the payload is not JSON")]
    NotJson,
}

/// The hub of this node. Cheap to clone.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    config: config::hub::Hub,
    namespaces: Namespaces,
    personal_namespace: String,
    broker: Memory,
    registry: Registry,
    topics: Topics,
    flusher: Flusher,
    deferred: Deferred,
    ticker: Ticker,
    metrics: Metrics,
    started_at: Instant,
    /// What whoever comes is told, once the node lets everybody go.
    goodbye: OnceLock<Disconnect>,
}

impl Hub {
    /// A hub with no connections; its flusher threads run until the last clone is gone.
    pub fn start(
        config: config::hub::Hub,
        channels: &config::channels::Channels,
        metrics: Metrics,
    ) -> std::io::Result<Self> {
        let inner = Arc::new(Inner {
            namespaces: Namespaces::new(channels),
            personal_namespace: channels.personal_namespace.clone(),
            broker: Memory::new(&config, metrics.stream_evictions.clone()),
            registry: Registry::default(),
            topics: Topics::default(),
            flusher: Flusher::start(config.flusher_threads)?,
            deferred: Deferred::default(),
            ticker: Ticker::new(config.tick.0, config.tick_max.0),
            metrics,
            started_at: Instant::now(),
            goodbye: OnceLock::new(),
            config,
        });
        inner.broker.attach(inner.as_node());
        Ok(Self(inner))
    }

    /// The settings that a channel's name stands for.
    pub fn namespace(&self, channel: &ChannelName) -> Result<Arc<Namespace>, Misnamed> {
        self.0.namespaces.of(channel).cloned()
    }

    /// A mailbox for a new connection, let in until the guard is gone.
    pub fn admit(&self, dialect: Dialect, wire: Box<dyn Wire>) -> Guest {
        let bounds = Bounds { bytes_max: self.0.config.mailbox_max.0 };
        let mailbox = Arc::new(Mailbox::new(ConnectionId::fresh(), dialect, bounds, wire));
        self.0.registry.admit(&mailbox);
        // Set before those who are registered are told, and asked after: nobody slips in between.
        if let Some(goodbye) = self.0.goodbye.get() {
            mailbox.close(goodbye.clone());
        }
        let by = ByTransport { transport: dialect.transport() };
        self.0.metrics.connections_opened.one(&by);
        let _counted = self.0.metrics.connections.of(&by).hold();
        Guest { hub: self.clone(), mailbox, user: None, _counted }
    }

    /// Begins a subscription of this connection: announcements wait until it goes live.
    pub fn join(&self, channel: &ChannelName, mailbox: &Arc<Mailbox>, wishes: Wishes) {
        self.0.topics.join(channel, mailbox, wishes);
    }

    /// Makes a subscription live, its reply being in the mailbox already.
    pub fn go_live(&self, channel: &ChannelName, mailbox: &Mailbox, place: Place) {
        self.0.topics.go_live(channel, mailbox.id(), place);
    }

    /// Ends a subscription of this connection.
    pub fn leave(&self, channel: &ChannelName, connection: ConnectionId) -> bool {
        self.0.topics.leave(channel, connection)
    }

    /// Ends a subscription whose session is gone without a farewell, and so waits for nothing; others
    /// are told that `leaver` left.
    pub fn abandon(
        &self,
        channel: &ChannelName,
        connection: ConnectionId,
        leaver: Option<ClientInfo>,
    ) {
        self.0.topics.leave(channel, connection);
        self.0.broker.exit(channel, connection);
        if let Some(info) = leaver {
            self.0.broker.announce_presence(channel, &Announcement::Leave(info));
        }
    }

    /// How many subscribers the channel has on this node.
    pub fn subscribers(&self, channel: &ChannelName) -> usize {
        self.0.topics.subscribers(channel)
    }

    /// Channels with subscribers on this node, and how many each has.
    pub fn channels(&self, prefix: &str, limit: usize) -> Vec<(ChannelName, usize)> {
        self.0.topics.channels(prefix, limit)
    }

    /// The channel on which the house tells one person things: `user:#<id>` as a rule.
    pub fn personal_channel(&self, user: &UserId) -> ChannelName {
        match self.0.personal_namespace.as_str() {
            "" => ChannelName::new(format!("#{user}")),
            namespace => ChannelName::new(format!("{namespace}:#{user}")),
        }
    }

    /// Whether the user has a connection on this node.
    pub fn is_here(&self, user: &UserId) -> bool {
        self.0.registry.has_user(user)
    }

    /// The user's connections on this node.
    pub fn connections_of(&self, user: &UserId) -> Vec<Arc<Mailbox>> {
        self.0.registry.of_user(user)
    }

    /// Asks something of the user's sessions: of all of them, or of the one named.
    pub fn signal(&self, user: &UserId, only: Option<ConnectionId>, signal: &Signal) -> usize {
        self.visit(user, only, |mailbox| mailbox.signal(signal.clone()))
    }

    /// Has every session on this node that a domain let into the channel ask whether it still does.
    pub fn review(&self, channel: &ChannelName) {
        for mailbox in self.0.topics.readers(channel) {
            mailbox.signal(Signal::Review(channel.clone()));
        }
    }

    /// Asks something of every session on this node.
    pub fn signal_all(&self, signal: &Signal) {
        self.0.registry.for_each(|mailbox| mailbox.signal(signal.clone()));
    }

    /// Ends the user's connections: all of them, or the one named.
    pub fn disconnect(&self, user: &UserId, only: Option<ConnectionId>, why: &Disconnect) -> usize {
        self.visit(user, only, |mailbox| mailbox.close(why.clone()))
    }

    /// Ends every connection of this node, in slices a `pause` apart, and from now on each that comes.
    pub async fn drain(&self, goodbye: Disconnect, slice: usize, pause: std::time::Duration) {
        let goodbye = self.0.goodbye.get_or_init(|| goodbye);
        let mut mailboxes = Vec::new();
        self.0.registry.for_each(|mailbox| mailboxes.push(Arc::clone(mailbox)));
        for (at, slice) in mailboxes.chunks(slice.max(1)).enumerate() {
            if at > 0 {
                tokio::time::sleep(pause).await;
            }
            slice.iter().for_each(|mailbox| mailbox.close(goodbye.clone()));
        }
    }

    /// How many connections this node has, and of how many users.
    pub fn counts(&self) -> (usize, usize) {
        self.0.registry.counts()
    }

    /// Seconds of the hub's own time, from 1: what [`Mailbox::wake_at`] counts in.
    pub fn now_s(&self) -> u32 {
        let since = self.0.started_at.elapsed().as_secs();
        u32::try_from(since).unwrap_or(u32::MAX - 1) + 1
    }

    fn visit(&self, user: &UserId, only: Option<ConnectionId>, act: impl Fn(&Mailbox)) -> usize {
        let mailboxes = self.0.registry.of_user(user);
        let chosen = mailboxes.iter().filter(|mailbox| only.is_none_or(|id| mailbox.id() == id));
        chosen.map(|mailbox| act(mailbox)).count()
    }
}

impl Inner {
    /// This node as the broker sees it, which must not keep it alive.
    fn as_node(self: &Arc<Self>) -> Node {
        let (deliverer, listener): (Weak<Self>, Weak<Self>) =
            (Arc::downgrade(self), Arc::downgrade(self));
        let deliver: Deliver = Box::new(move |channel, announcement| {
            let node = deliverer.upgrade()?;
            let delivered = node.topics.deliver(channel, announcement, node.pace(channel));
            if let Some(due) = delivered.due {
                node.ticker.add(due, channel.clone());
            }
            let dirty = node.count(delivered);
            let channel = channel.clone();
            let flush: Afterwards = Box::new(move || node.write_out(&channel, dirty));
            Some(flush)
        });
        let is_occupied: IsOccupied = Box::new(move |channel| {
            listener.upgrade().is_some_and(|node| node.topics.subscribers(channel) > 0)
        });
        Node { deliver, is_occupied }
    }

    /// How the channel's publications leave; `None` for each by itself.
    fn pace(&self, channel: &ChannelName) -> Option<Pace> {
        let single_max = self.namespaces.of(channel).ok()?.rules.gather_above;
        (single_max > 0).then(|| Pace { single_max, tick: self.ticker.length() })
    }

    /// Counts what was delivered, and gives the mailboxes to be written out.
    fn count(&self, delivered: Delivered) -> Vec<Arc<Mailbox>> {
        self.metrics.deliveries.add(delivered.receivers as u64);
        if let Some(gathered) = delivered.gathered {
            self.metrics.gathered.size(gathered);
        }
        delivered.dirty
    }
}

/// What goes through the broker, and so may wait for other machines.
#[expect(clippy::unused_async, reason = "a broker of several nodes waits for the network")]
impl Hub {
    /// Publishes JSON to every subscriber of `channel` on every node.
    pub async fn publish(
        &self,
        channel: &ChannelName,
        data: Bytes,
    ) -> Result<StreamPosition, Fault> {
        self.publish_draft(channel, Draft { data, ..Draft::default() }).await
    }

    /// Publishes a draft to every subscriber of `channel` on every node.
    pub async fn publish_draft(
        &self,
        channel: &ChannelName,
        mut draft: Draft,
    ) -> Result<StreamPosition, Fault> {
        let namespace = self.0.namespaces.of(channel)?;
        if !namespace.rules.binary {
            draft.data = payload::one_line(&draft.data).map_err(|_| Fault::NotJson)?;
        }
        self.0.metrics.publications.one();
        Ok(self.0.broker.publish(channel, draft, namespace.keep()))
    }

    /// Reads a part of the channel's stream.
    pub async fn history(&self, channel: &ChannelName, query: &Query) -> Page {
        self.0.broker.history(channel, query)
    }

    /// Forgets what the channel's stream keeps.
    pub async fn clear_history(&self, channel: &ChannelName) {
        self.0.broker.clear_history(channel);
    }

    /// Puts `data` in place of what the publication at `offset` of the channel's stream says: whoever
    /// reads or recovers it from now on finds that. `false` when the stream no longer keeps it. Those
    /// who have received it are not told.
    pub async fn redact(&self, channel: &ChannelName, offset: u64, data: Bytes) -> bool {
        self.0.topics.redact(channel, offset, &data);
        self.0.broker.redact(channel, offset, data)
    }

    /// Who is in the channel, on every node.
    pub async fn presence(&self, channel: &ChannelName) -> Vec<(ConnectionId, ClientInfo)> {
        self.0.broker.presence(channel)
    }

    /// Notes that a connection is in the channel.
    pub async fn enter(&self, channel: &ChannelName, connection: ConnectionId, info: ClientInfo) {
        self.0.broker.enter(channel, connection, info);
    }

    /// Notes that a connection is no longer in the channel.
    pub async fn exit(&self, channel: &ChannelName, connection: ConnectionId) {
        self.0.broker.exit(channel, connection);
    }

    /// Announces a join to the channel's subscribers on every node.
    pub async fn announce_join(&self, channel: &ChannelName, info: ClientInfo) {
        let announcement = Announcement::Join(info);
        self.0.broker.announce_presence(channel, &announcement);
    }

    /// Announces a leave to the channel's subscribers on every node.
    pub async fn announce_leave(&self, channel: &ChannelName, info: ClientInfo) {
        let announcement = Announcement::Leave(info);
        self.0.broker.announce_presence(channel, &announcement);
    }
}

/// A connection's place in the hub. Dropping it makes it leave, once, however it ends.
pub struct Guest {
    hub: Hub,
    mailbox: Arc<Mailbox>,
    user: Option<UserId>,
    _counted: Held,
}

impl Guest {
    /// The connection's mailbox.
    pub fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// Notes whose connection it is; at most `per_user` at a time when that is not 0.
    pub fn identify(&mut self, user: &UserId, per_user: u32) -> Result<(), Crowded> {
        self.hub.0.registry.identify(user, &self.mailbox, per_user)?;
        self.user = Some(user.clone());
        Ok(())
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.hub.0.registry.leave(self.user.as_ref(), self.mailbox.id());
    }
}
