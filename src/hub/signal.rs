//! Signals: what the house asks of one session, heard by the session's own task.

use bytes::Bytes;

use crate::{ids::ChannelName, protocol::code::UnsubscribeCode};

/// Something for the session to do, after the command at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A time that the session asked to be woken at has come.
    Time,
    /// The channel's stream went on without this subscriber: it must subscribe again and recover.
    Lost(ChannelName),
    /// The house subscribes the connection.
    Subscribe(Invitation),
    /// The house ends a subscription; codes from 2500 ask the client to subscribe again.
    Unsubscribe {
        /// The channel.
        channel: ChannelName,
        /// The code of the unsubscribe push.
        code: UnsubscribeCode,
    },
    /// Whoever lets people into the channel may have changed their mind: the session asks again.
    Review(ChannelName),
    /// The connection's time is set anew: seconds since 1970, `None` for no end.
    Refresh {
        /// When the connection expires.
        expire_at_s: Option<i64>,
    },
    /// Tokens were revoked: a session that lives by one of them ends.
    Revoked {
        /// Those issued at or before this second since 1970.
        before_s: Option<i64>,
        /// The one of this id.
        token_id: Option<String>,
    },
}

/// A subscription that the house makes for a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The channel.
    pub channel: ChannelName,
    /// What others see as `chan_info`: JSON.
    pub info: Option<Bytes>,
    /// What the client gets with the subscription: JSON.
    pub data: Option<Bytes>,
}
