//! What the server answers: an envelope with the command's id and a result, an error or a push.

use serde::{Deserialize, Serialize};

use super::{
    is_default,
    push::Push,
    result::{
        ConnectResult, HistoryResult, PresenceResult, PresenceStatsResult, PublishResult,
        RefreshResult, RpcResult, SubRefreshResult, SubscribeResult, UnsubscribeResult,
    },
};
use crate::error::Code;

/// One reply. An empty reply is a ping.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Reply {
    /// The command's id; 0 for a push and for a ping.
    #[prost(uint32, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub id: u32,
    /// The command was refused.
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub error: Option<Error>,
    /// Something the server sends unasked.
    #[prost(message, optional, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub push: Option<Push>,
    /// The session is open.
    #[prost(message, optional, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub connect: Option<ConnectResult>,
    /// Subscribed.
    #[prost(message, optional, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub subscribe: Option<SubscribeResult>,
    /// No longer subscribed.
    #[prost(message, optional, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub unsubscribe: Option<UnsubscribeResult>,
    /// Published.
    #[prost(message, optional, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub publish: Option<PublishResult>,
    /// Who is in the channel.
    #[prost(message, optional, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub presence: Option<PresenceResult>,
    /// How many are in the channel.
    #[prost(message, optional, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub presence_stats: Option<PresenceStatsResult>,
    /// The channel's stream.
    #[prost(message, optional, tag = "11")]
    #[serde(skip_serializing_if = "is_default")]
    pub history: Option<HistoryResult>,
    /// The operation's output.
    #[prost(message, optional, tag = "13")]
    #[serde(skip_serializing_if = "is_default")]
    pub rpc: Option<RpcResult>,
    /// The connection's time was extended.
    #[prost(message, optional, tag = "14")]
    #[serde(skip_serializing_if = "is_default")]
    pub refresh: Option<RefreshResult>,
    /// The subscription's time was extended.
    #[prost(message, optional, tag = "15")]
    #[serde(skip_serializing_if = "is_default")]
    pub sub_refresh: Option<SubRefreshResult>,
}

/// What a command that succeeded comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The session is open.
    Connect(ConnectResult),
    /// Subscribed.
    Subscribe(SubscribeResult),
    /// No longer subscribed.
    Unsubscribe(UnsubscribeResult),
    /// Published.
    Publish(PublishResult),
    /// Who is in the channel.
    Presence(PresenceResult),
    /// How many are in the channel.
    PresenceStats(PresenceStatsResult),
    /// The channel's stream.
    History(HistoryResult),
    /// The operation's output.
    Rpc(RpcResult),
    /// The connection's time was extended.
    Refresh(RefreshResult),
    /// The subscription's time was extended.
    SubRefresh(SubRefreshResult),
}

impl Reply {
    /// The command `id` succeeded. The result's object is there even when it is empty.
    pub fn success(id: u32, outcome: impl Into<Outcome>) -> Self {
        let mut reply = Self { id, ..Self::default() };
        match outcome.into() {
            Outcome::Connect(result) => reply.connect = Some(result),
            Outcome::Subscribe(result) => reply.subscribe = Some(result),
            Outcome::Unsubscribe(result) => reply.unsubscribe = Some(result),
            Outcome::Publish(result) => reply.publish = Some(result),
            Outcome::Presence(result) => reply.presence = Some(result),
            Outcome::PresenceStats(result) => reply.presence_stats = Some(result),
            Outcome::History(result) => reply.history = Some(result),
            Outcome::Rpc(result) => reply.rpc = Some(result),
            Outcome::Refresh(result) => reply.refresh = Some(result),
            Outcome::SubRefresh(result) => reply.sub_refresh = Some(result),
        }
        reply
    }

    /// The command `id` was refused. A [`Code`] is an error with its own words.
    pub fn error(id: u32, error: impl Into<Error>) -> Self {
        Self { id, error: Some(error.into()), ..Self::default() }
    }

    /// Something the server sends unasked.
    pub fn push(push: Push) -> Self {
        Self { push: Some(push), ..Self::default() }
    }

    /// Asks the client for a pong.
    pub fn ping() -> Self {
        Self::default()
    }

    /// What the command came to; `None` for a push and for a ping.
    pub fn outcome(self) -> Option<Result<Outcome, Error>> {
        if let Some(error) = self.error {
            return Some(Err(error));
        }
        None.or_else(|| self.connect.map(Outcome::Connect))
            .or_else(|| self.subscribe.map(Outcome::Subscribe))
            .or_else(|| self.unsubscribe.map(Outcome::Unsubscribe))
            .or_else(|| self.publish.map(Outcome::Publish))
            .or_else(|| self.presence.map(Outcome::Presence))
            .or_else(|| self.presence_stats.map(Outcome::PresenceStats))
            .or_else(|| self.history.map(Outcome::History))
            .or_else(|| self.rpc.map(Outcome::Rpc))
            .or_else(|| self.refresh.map(Outcome::Refresh))
            .or_else(|| self.sub_refresh.map(Outcome::SubRefresh))
            .map(Ok)
    }
}

/// Why a command was refused. Both code and words are always there: SDKs rely on them.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Error {
    /// The number: see [`Code`].
    #[prost(uint32, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub code: u32,
    /// Words, or a refusal's name and details.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    /// Whether the client shall try again.
    #[prost(bool, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub temporary: bool,
}

impl Error {
    /// An error of `code` with other words than the code's own, as refusals have.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code: code.number(), message: message.into(), temporary: code.is_temporary() }
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::new(code, code.name())
    }
}

macro_rules! outcomes {
    ($($variant:ident($message:ident)),* $(,)?) => {$(
        impl From<$message> for Outcome {
            fn from(result: $message) -> Self {
                Self::$variant(result)
            }
        }
    )*};
}

outcomes! {
    Connect(ConnectResult),
    Subscribe(SubscribeResult),
    Unsubscribe(UnsubscribeResult),
    Publish(PublishResult),
    Presence(PresenceResult),
    PresenceStats(PresenceStatsResult),
    History(HistoryResult),
    Rpc(RpcResult),
    Refresh(RefreshResult),
    SubRefresh(SubRefreshResult),
}
