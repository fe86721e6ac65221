//! The results that replies carry, each with all its fields that this server sends.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    is_default, payload,
    publication::{ClientInfo, Publication},
};

/// The session is open.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectResult {
    /// The connection's id.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub client: String,
    /// The server's version.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub version: String,
    /// Whether the client must refresh its token.
    #[prost(bool, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub expires: bool,
    /// In how many seconds.
    #[prost(uint32, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub ttl: u32,
    /// What the application says.
    #[prost(bytes = "bytes", tag = "5")]
    #[serde(skip_serializing_if = "is_default", with = "payload")]
    pub data: Bytes,
    /// The server-side subscriptions, by channel.
    #[prost(message, repeated, tag = "6")]
    #[serde(skip_serializing_if = "is_default", with = "by_channel")]
    pub subs: Vec<ServerSub>,
    /// How often the server pings, in seconds; 0 for never.
    #[prost(uint32, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub ping: u32,
    /// Whether it wants pongs.
    #[prost(bool, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub pong: bool,
    /// The session's secret, for transports that send apart from where they read.
    #[prost(string, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub session: String,
    /// The node that holds the session, for the same transports.
    #[prost(string, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub node: String,
    /// The server's time, in milliseconds since 1970-01-01 UTC; 0 when not told.
    #[prost(int64, tag = "11")]
    #[serde(skip_serializing_if = "is_default")]
    pub time: i64,
}

/// A server-side subscription: one entry of the protocol's map from channel to result.
///
/// An entry of its own, because prost leaves an empty value out of a map's entry, as the format
/// allows, and the JavaScript SDK then reads null where it expects an object.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ServerSub {
    /// The channel.
    #[prost(string, tag = "1")]
    pub channel: String,
    /// What a subscribe command would have been answered; always there in what this server sends.
    #[prost(message, optional, tag = "2")]
    pub result: Option<SubscribeResult>,
}

impl From<(String, SubscribeResult)> for ServerSub {
    fn from((channel, result): (String, SubscribeResult)) -> Self {
        Self { channel, result: Some(result) }
    }
}

/// Subscribed.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "the protocol's own fields")]
pub struct SubscribeResult {
    /// Whether the client must refresh its subscription token.
    #[prost(bool, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub expires: bool,
    /// In how many seconds.
    #[prost(uint32, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub ttl: u32,
    /// Whether the client may recover after a cut.
    #[prost(bool, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub recoverable: bool,
    /// The stream's epoch.
    #[prost(string, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub epoch: String,
    /// What was missed, oldest first.
    #[prost(message, repeated, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub publications: Vec<Publication>,
    /// Whether nothing is missing.
    #[prost(bool, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub recovered: bool,
    /// Where the client stands before it reads `publications`.
    #[prost(uint64, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub offset: u64,
    /// Whether gaps in the stream are found.
    #[prost(bool, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub positioned: bool,
    /// What the token or the server says about the subscription.
    #[prost(bytes = "bytes", tag = "11")]
    #[serde(skip_serializing_if = "is_default", with = "payload")]
    pub data: Bytes,
    /// Whether the client asked to recover.
    #[prost(bool, tag = "12")]
    #[serde(skip_serializing_if = "is_default")]
    pub was_recovering: bool,
}

/// No longer subscribed.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
pub struct UnsubscribeResult {}

/// Published.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
pub struct PublishResult {}

/// Who is in the channel.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct PresenceResult {
    /// The connections, by id.
    #[prost(btree_map = "string, message", tag = "1")]
    pub presence: BTreeMap<String, ClientInfo>,
}

/// How many are in the channel.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct PresenceStatsResult {
    /// Connections.
    #[prost(uint32, tag = "1")]
    pub num_clients: u32,
    /// Different users.
    #[prost(uint32, tag = "2")]
    pub num_users: u32,
}

/// The channel's stream.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryResult {
    /// In the order asked for.
    #[prost(message, repeated, tag = "1")]
    pub publications: Vec<Publication>,
    /// The stream's epoch.
    #[prost(string, tag = "2")]
    pub epoch: String,
    /// The stream's newest publication.
    #[prost(uint64, tag = "3")]
    pub offset: u64,
}

/// The operation's output.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct RpcResult {
    /// The output.
    #[prost(bytes = "bytes", tag = "1")]
    #[serde(skip_serializing_if = "is_default", with = "payload")]
    pub data: Bytes,
}

/// The connection's time was extended.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct RefreshResult {
    /// The connection's id.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub client: String,
    /// The server's version.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub version: String,
    /// Whether the connection ends unless refreshed again.
    #[prost(bool, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub expires: bool,
    /// In how many seconds.
    #[prost(uint32, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub ttl: u32,
}

/// The subscription's time was extended.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct SubRefreshResult {
    /// Whether the subscription ends unless refreshed again.
    #[prost(bool, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub expires: bool,
    /// In how many seconds.
    #[prost(uint32, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub ttl: u32,
}

/// Server-side subscriptions in JSON: an object with a member for each channel.
pub(super) mod by_channel {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::{ServerSub, SubscribeResult};

    pub(in crate::protocol) fn serialize<S: Serializer>(
        subs: &[ServerSub],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let nothing = SubscribeResult::default();
        serializer.collect_map(
            subs.iter().map(|sub| (&sub.channel, sub.result.as_ref().unwrap_or(&nothing))),
        )
    }

    pub(in crate::protocol) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<ServerSub>, D::Error> {
        let subs = BTreeMap::<String, SubscribeResult>::deserialize(deserializer)?;
        Ok(subs.into_iter().map(ServerSub::from).collect())
    }
}
