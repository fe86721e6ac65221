//! Between nodes: streams with offsets, presence, and the announcement that reaches every node.
//!
//! One process is its own cluster: [`Memory`] keeps streams and presence in this process and
//! announces to the one hub there is. Knows channels and payloads, no connection and no mailbox.

pub mod memory;
pub mod stream;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;

pub use self::memory::Memory;
use crate::{
    ids::ChannelName,
    protocol::publication::{ClientInfo, Publication},
};

/// Where a stream stands: the newest offset, and the life of the stream that it counts in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamPosition {
    /// The newest publication's number, 0 when there is none.
    pub offset: u64,
    /// A random text given to each life of the stream.
    pub epoch: Arc<str>,
}

/// What a channel's stream keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// How many publications; 0 for no stream at all.
    pub size: usize,
    /// How long, from each publication on.
    pub ttl: Duration,
}

/// A publication on its way in.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The payload.
    pub data: Bytes,
    /// Who published it; absent when the house did.
    pub info: Option<ClientInfo>,
    /// Labels for subscribers, as the server API gives them.
    pub tags: BTreeMap<String, String>,
    /// Publishing again under the same key answers the first position and does nothing.
    pub idempotency_key: Option<String>,
    /// Reaches subscribers without entering the stream.
    pub skip_history: bool,
}

/// What the broker tells every node about a channel, in the channel's order.
#[derive(Clone, Debug)]
pub enum Announcement {
    /// A publication; its `offset` is 0 and the epoch empty when the channel keeps no stream.
    Publication {
        /// The publication, as it stands in the stream.
        publication: Arc<Publication>,
        /// The life of the stream that its offset counts in.
        epoch: Arc<str>,
    },
    /// Somebody subscribed.
    Join(ClientInfo),
    /// Somebody left.
    Leave(ClientInfo),
}

/// A node as the broker sees it. It answers at once, without waiting, without calling back.
pub struct Node {
    /// Takes an announcement. What it answers is run after the channel's order is settled and its
    /// lock let go: the slow part.
    pub deliver: Deliver,
    /// Whether somebody on the node is subscribed to the channel.
    pub is_occupied: IsOccupied,
}

/// How a node takes announcements.
pub type Deliver = Box<dyn Fn(&ChannelName, &Announcement) -> Option<Afterwards> + Send + Sync>;

/// How a node says whether it listens to a channel.
pub type IsOccupied = Box<dyn Fn(&ChannelName) -> bool + Send + Sync>;

/// The slow part of a delivery.
pub type Afterwards = Box<dyn FnOnce() + Send>;

/// Which part of a stream to read.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Only what lies beyond this offset, exclusive in both directions.
    pub since: Option<u64>,
    /// At most so many.
    pub limit: usize,
    /// From the newest to the oldest.
    pub reverse: bool,
}

/// What a stream answers.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The publications found.
    pub publications: Vec<Arc<Publication>>,
    /// Where the stream stands.
    pub position: StreamPosition,
}
