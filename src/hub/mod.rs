//! Who is here, on this node: connections, channels, and the way from a publication to its readers.
//!
//! Knows no domain and no socket: a channel is a name with settings, a payload is bytes.

use bytes::Bytes;

use crate::ids::{ChannelName, UserId};

/// Why a publication was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No namespace of that name is configured.
    #[error("the channel's namespace is not configured")]
    UnknownChannel,
    /// The payload is not JSON, and the namespace is not `binary`.
    #[error("the payload is not JSON")]
    NotJson,
    /// The broker cannot be reached.
    #[error("the broker takes no publications now")]
    Unavailable,
}

/// Where a stream stands: the newest offset, and the life of the stream that it counts in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamPosition {
    /// The newest publication's number, 0 when there is none.
    pub offset: u64,
    /// A random text given to each life of the stream.
    pub epoch: String,
}

/// The hub of this node. Cheap to clone.
#[derive(Clone)]
pub struct Hub {}

impl Hub {
    /// Publishes `data` to every subscriber of `channel` on every node.
    pub async fn publish(
        &self,
        _channel: &ChannelName,
        _data: Bytes,
    ) -> Result<StreamPosition, Fault> {
        std::future::ready(Err(Fault::Unavailable)).await
    }

    /// Whether the user has a connection on this node.
    pub fn is_here(&self, _user: &UserId) -> bool {
        false
    }
}

/// The channel on which the house tells one person things: `user:#<id>`.
pub fn personal_channel(user: &UserId) -> ChannelName {
    ChannelName::new(format!("user:#{user}"))
}
