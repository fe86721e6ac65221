//! What the server sends unasked: an envelope with a channel and one event.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    code::{self, UnsubscribeCode},
    is_default, payload,
    publication::{ClientInfo, Publication},
    result::{ServerSub, by_channel},
};

/// One push: inside a reply on bidirectional transports, bare on unidirectional ones.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Push {
    /// The channel; empty for what concerns the connection.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub channel: String,
    /// Something was published.
    #[prost(message, optional, tag = "4")]
    #[serde(rename = "pub", skip_serializing_if = "is_default")]
    pub publication: Option<Publication>,
    /// Somebody subscribed.
    #[prost(message, optional, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub join: Option<Join>,
    /// Somebody left.
    #[prost(message, optional, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub leave: Option<Leave>,
    /// The server ended a subscription.
    #[prost(message, optional, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub unsubscribe: Option<Unsubscribe>,
    /// A message to this connection alone.
    #[prost(message, optional, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: Option<Message>,
    /// The server began a subscription.
    #[prost(message, optional, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub subscribe: Option<Subscribe>,
    /// The session is open; on unidirectional transports alone.
    #[prost(message, optional, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub connect: Option<Connect>,
    /// The session ends; on transports without a close code.
    #[prost(message, optional, tag = "11")]
    #[serde(skip_serializing_if = "is_default")]
    pub disconnect: Option<Disconnect>,
    /// The connection's time was extended; on unidirectional transports alone.
    #[prost(message, optional, tag = "12")]
    #[serde(skip_serializing_if = "is_default")]
    pub refresh: Option<Refresh>,
}

impl Push {
    /// Something was published in `channel`.
    pub fn publication(channel: impl Into<String>, publication: Publication) -> Self {
        Self { channel: channel.into(), publication: Some(publication), ..Self::default() }
    }

    /// `info` subscribed to `channel`.
    pub fn join(channel: impl Into<String>, info: ClientInfo) -> Self {
        let join = Some(Join { info: Some(info) });
        Self { channel: channel.into(), join, ..Self::default() }
    }

    /// `info` left `channel`.
    pub fn leave(channel: impl Into<String>, info: ClientInfo) -> Self {
        let leave = Some(Leave { info: Some(info) });
        Self { channel: channel.into(), leave, ..Self::default() }
    }

    /// The server ended the subscription to `channel`.
    pub fn unsubscribe(channel: impl Into<String>, code: UnsubscribeCode) -> Self {
        let unsubscribe = Some(Unsubscribe { code: code.number(), reason: code.reason().into() });
        Self { channel: channel.into(), unsubscribe, ..Self::default() }
    }

    /// The server began a subscription to `channel`.
    pub fn subscribe(channel: impl Into<String>, subscribe: Subscribe) -> Self {
        Self { channel: channel.into(), subscribe: Some(subscribe), ..Self::default() }
    }

    /// A message to this connection alone.
    pub fn message(data: Bytes) -> Self {
        Self { message: Some(Message { data }), ..Self::default() }
    }

    /// The session is open.
    pub fn connect(connect: Connect) -> Self {
        Self { connect: Some(connect), ..Self::default() }
    }

    /// The session ends.
    pub fn disconnect(disconnect: &code::Disconnect) -> Self {
        let disconnect = Disconnect {
            code: disconnect.code().into(),
            reason: disconnect.reason().to_owned(),
            reconnect: disconnect.is_reconnect(),
        };
        Self { disconnect: Some(disconnect), ..Self::default() }
    }

    /// The connection's time was extended by `ttl_s`; `None` when it no longer expires.
    pub fn refresh(ttl_s: Option<u32>) -> Self {
        let refresh = Refresh { expires: ttl_s.is_some(), ttl: ttl_s.unwrap_or_default() };
        Self { refresh: Some(refresh), ..Self::default() }
    }
}

/// Somebody subscribed.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Join {
    /// Who.
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub info: Option<ClientInfo>,
}

/// Somebody left.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Leave {
    /// Who.
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub info: Option<ClientInfo>,
}

/// The server ended a subscription. Without a code, clients would subscribe again at once.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Unsubscribe {
    /// Why; from 2500 on, the client subscribes again.
    #[prost(uint32, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub code: u32,
    /// Why, in words.
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
}

/// A message to this connection alone.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Message {
    /// The payload.
    #[prost(bytes = "bytes", tag = "1")]
    #[serde(skip_serializing_if = "is_default", with = "payload")]
    pub data: Bytes,
}

/// The server began a subscription.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Subscribe {
    /// Whether the client may recover it.
    #[prost(bool, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub recoverable: bool,
    /// The stream's epoch.
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub epoch: String,
    /// The stream's newest publication.
    #[prost(uint64, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub offset: u64,
    /// Whether gaps in the stream are found.
    #[prost(bool, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub positioned: bool,
    /// What the token or the server says about the subscription.
    #[prost(bytes = "bytes", tag = "7")]
    #[serde(skip_serializing_if = "is_default", with = "payload")]
    pub data: Bytes,
}

/// The session is open: a unidirectional transport's connect result.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Connect {
    /// The connection's id.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub client: String,
    /// The server's version.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub version: String,
    /// What the application says.
    #[prost(bytes = "bytes", tag = "3")]
    #[serde(skip_serializing_if = "is_default", with = "payload")]
    pub data: Bytes,
    /// The server-side subscriptions, by channel.
    #[prost(message, repeated, tag = "4")]
    #[serde(skip_serializing_if = "is_default", with = "by_channel")]
    pub subs: Vec<ServerSub>,
    /// Whether the connection ends unless refreshed.
    #[prost(bool, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub expires: bool,
    /// In how many seconds.
    #[prost(uint32, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub ttl: u32,
    /// How often the server pings, in seconds.
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
    /// The node that holds the session.
    #[prost(string, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub node: String,
    /// The server's time, in milliseconds since 1970-01-01 UTC; 0 when not told.
    #[prost(int64, tag = "11")]
    #[serde(skip_serializing_if = "is_default")]
    pub time: i64,
}

/// The session ends.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Disconnect {
    /// Why.
    #[prost(uint32, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub code: u32,
    /// Why, in words.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    /// Whether the client shall come back; newer clients read it from the code.
    #[prost(bool, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub reconnect: bool,
}

/// The connection's time was extended.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Refresh {
    /// Whether the connection ends unless refreshed.
    #[prost(bool, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub expires: bool,
    /// In how many seconds.
    #[prost(uint32, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub ttl: u32,
}
