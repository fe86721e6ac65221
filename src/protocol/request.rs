//! The requests a command may carry, each with all its fields that a server must understand.

use std::{collections::BTreeMap, fmt};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{is_default, payload};

/// Opens the session.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
#[prost(skip_debug)]
pub struct ConnectRequest {
    /// A JWT; empty for an anonymous connection.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub token: String,
    /// Whatever the application wants to say.
    #[prost(bytes = "bytes", tag = "2")]
    #[serde(skip_serializing_if = "is_default", with = "payload")]
    pub data: Bytes,
    /// Server-side subscriptions to recover, by channel: `recover`, `offset` and `epoch` count.
    #[prost(btree_map = "string, message", tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub subs: BTreeMap<String, SubscribeRequest>,
    /// The client library's name.
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// The client library's or the application's version.
    #[prost(string, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub version: String,
    /// Headers a browser could not send; the client's own words, so never trusted.
    #[prost(btree_map = "string, string", tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub headers: BTreeMap<String, String>,
    /// Bits of optional features, none of which is offered: left unanswered, clients do without.
    #[prost(int64, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub flag: i64,
}

/// Subscribes to a channel.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
#[prost(skip_debug)]
#[expect(clippy::struct_excessive_bools, reason = "the protocol's own fields")]
pub struct SubscribeRequest {
    /// The channel.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub channel: String,
    /// A subscription token; empty where the namespace needs none.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub token: String,
    /// Asks for what was published after `offset` of `epoch`.
    #[prost(bool, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub recover: bool,
    /// The life of the stream in which `offset` counts; empty when unknown.
    #[prost(string, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub epoch: String,
    /// The last publication the client has.
    #[prost(uint64, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub offset: u64,
    /// Whatever the application wants to say.
    #[prost(bytes = "bytes", tag = "8")]
    #[serde(skip_serializing_if = "is_default", with = "payload")]
    pub data: Bytes,
    /// Asks that gaps in the stream be found.
    #[prost(bool, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub positioned: bool,
    /// Asks that the stream be recoverable.
    #[prost(bool, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub recoverable: bool,
    /// Asks for joins and leaves.
    #[prost(bool, tag = "11")]
    #[serde(skip_serializing_if = "is_default")]
    pub join_leave: bool,
    /// Asks for deltas: `fossil`, or empty. Not offered.
    #[prost(string, tag = "12")]
    #[serde(skip_serializing_if = "is_default")]
    pub delta: String,
    /// Asks for a filter by tags. Not offered.
    #[prost(message, optional, boxed, tag = "13")]
    #[serde(skip_serializing_if = "is_default")]
    pub tf: Option<Box<FilterNode>>,
    /// Bits: [`SubscribeRequest::REJECT_UNRECOVERED`]; the others ask for what is not offered.
    #[prost(int64, tag = "14")]
    #[serde(skip_serializing_if = "is_default")]
    pub flag: i64,
    /// 0 for a stream; 1–4 (maps, shared polls) are not offered.
    #[prost(int32, tag = "15")]
    #[serde(rename = "type", skip_serializing_if = "is_default")]
    pub kind: i32,
}

impl SubscribeRequest {
    /// The bit of `flag` that asks for error 112 in place of a subscription that did not recover.
    pub const REJECT_UNRECOVERED: i64 = 1 << 1;

    /// The only value of `delta` that the protocol knows.
    pub const FOSSIL: &'static str = "fossil";

    /// Whether a failed recovery shall be an error.
    pub fn rejects_unrecovered(&self) -> bool {
        self.flag & Self::REJECT_UNRECOVERED != 0
    }
}

/// A node of a filter by tags: a comparison, or several nodes joined.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct FilterNode {
    /// `and`, `or`, `not`; empty for a comparison.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub op: String,
    /// The tag to compare.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub key: String,
    /// How to compare: `eq`, `in`, `lt` …
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub cmp: String,
    /// What to compare with.
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub val: String,
    /// What to compare with, for `in` and `nin`.
    #[prost(string, repeated, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub vals: Vec<String>,
    /// The nodes that `op` joins.
    #[prost(message, repeated, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub nodes: Vec<Self>,
}

/// Ends a subscription.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct UnsubscribeRequest {
    /// The channel.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub channel: String,
}

/// Publishes into a channel.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct PublishRequest {
    /// The channel.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub channel: String,
    /// The payload.
    #[prost(bytes = "bytes", tag = "2")]
    #[serde(skip_serializing_if = "is_default", with = "payload")]
    pub data: Bytes,
    /// 0 for a stream; 1 (a map) is not offered.
    #[prost(int32, tag = "3")]
    #[serde(rename = "type", skip_serializing_if = "is_default")]
    pub kind: i32,
}

/// Asks who is in a channel.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct PresenceRequest {
    /// The channel.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub channel: String,
}

/// Asks how many are in a channel.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct PresenceStatsRequest {
    /// The channel.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub channel: String,
}

/// Reads a channel's stream.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryRequest {
    /// The channel.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub channel: String,
    /// How many publications: 0 for the position alone, negative for as many as allowed.
    #[prost(int32, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub limit: i32,
    /// Where to start; the publication there is not included.
    #[prost(message, optional, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub since: Option<StreamPosition>,
    /// Newest first.
    #[prost(bool, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub reverse: bool,
}

/// A place in a stream.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamPosition {
    /// The publication's number.
    #[prost(uint64, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub offset: u64,
    /// The life of the stream in which it counts; empty when unknown.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub epoch: String,
}

/// A ping as a command; the server's own pings are empty replies.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
pub struct PingRequest {}

/// A message without a reply.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct SendRequest {
    /// The payload.
    #[prost(bytes = "bytes", tag = "1")]
    #[serde(skip_serializing_if = "is_default", with = "payload")]
    pub data: Bytes,
}

/// Runs an operation.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct RpcRequest {
    /// The operation's input.
    #[prost(bytes = "bytes", tag = "1")]
    #[serde(skip_serializing_if = "is_default", with = "payload")]
    pub data: Bytes,
    /// The operation's name.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub method: String,
}

/// Renews the connection's token.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
#[prost(skip_debug)]
pub struct RefreshRequest {
    /// A JWT of the same user.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub token: String,
}

/// Renews a subscription's token.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
#[prost(skip_debug)]
pub struct SubRefreshRequest {
    /// The channel; old clients leave it out, and the token names it.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub channel: String,
    /// A subscription token of the same user and channel.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub token: String,
    /// 0 to renew; 1 and 2 (track, untrack) belong to shared polls, which are not offered.
    #[prost(int32, tag = "3")]
    #[serde(rename = "type", skip_serializing_if = "is_default")]
    pub kind: i32,
}

/// Requests with a token print without it, and without payloads.
macro_rules! print_without_token {
    ($($message:ident { $($field:ident),* })*) => {$(
        impl fmt::Debug for $message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($message))
                    $(.field(stringify!($field), &self.$field))*
                    .finish_non_exhaustive()
            }
        }
    )*};
}

print_without_token! {
    ConnectRequest { subs, name, version, flag }
    SubscribeRequest { channel, recover, epoch, offset, positioned, recoverable, flag, kind }
    RefreshRequest {}
    SubRefreshRequest { channel, kind }
}
