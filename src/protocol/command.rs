//! What a client sends: an envelope with an id and one request.

use serde::{Deserialize, Serialize};

use super::{
    is_default,
    request::{
        ConnectRequest, HistoryRequest, PingRequest, PresenceRequest, PresenceStatsRequest,
        PublishRequest, RefreshRequest, RpcRequest, SendRequest, SubRefreshRequest,
        SubscribeRequest, UnsubscribeRequest,
    },
};

/// One command. A command without a request and with id 0 is a pong.
///
/// The protocol has no `oneof` here: a client may set several requests, and the first in the order
/// of [`Command::request`] counts.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Command {
    /// Pairs the reply with the command; 0 for `send` and for a pong.
    #[prost(uint32, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub id: u32,
    /// Opens the session; must come first.
    #[prost(message, optional, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub connect: Option<ConnectRequest>,
    /// Subscribes to a channel.
    #[prost(message, optional, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub subscribe: Option<SubscribeRequest>,
    /// Ends a subscription.
    #[prost(message, optional, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub unsubscribe: Option<UnsubscribeRequest>,
    /// Publishes into a channel.
    #[prost(message, optional, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub publish: Option<PublishRequest>,
    /// Asks who is in a channel.
    #[prost(message, optional, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub presence: Option<PresenceRequest>,
    /// Asks how many are in a channel.
    #[prost(message, optional, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub presence_stats: Option<PresenceStatsRequest>,
    /// Reads a channel's stream.
    #[prost(message, optional, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub history: Option<HistoryRequest>,
    /// A ping as a command, which the server does not offer.
    #[prost(message, optional, tag = "11")]
    #[serde(skip_serializing_if = "is_default")]
    pub ping: Option<PingRequest>,
    /// A message without a reply.
    #[prost(message, optional, tag = "12")]
    #[serde(skip_serializing_if = "is_default")]
    pub send: Option<SendRequest>,
    /// Runs an operation.
    #[prost(message, optional, tag = "13")]
    #[serde(skip_serializing_if = "is_default")]
    pub rpc: Option<RpcRequest>,
    /// Renews the connection's token.
    #[prost(message, optional, tag = "14")]
    #[serde(skip_serializing_if = "is_default")]
    pub refresh: Option<RefreshRequest>,
    /// Renews a subscription's token.
    #[prost(message, optional, tag = "15")]
    #[serde(skip_serializing_if = "is_default")]
    pub sub_refresh: Option<SubRefreshRequest>,
}

/// The request that a command carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Opens the session.
    Connect(ConnectRequest),
    /// A ping as a command.
    Ping(PingRequest),
    /// Subscribes to a channel.
    Subscribe(SubscribeRequest),
    /// Ends a subscription.
    Unsubscribe(UnsubscribeRequest),
    /// Publishes into a channel.
    Publish(PublishRequest),
    /// Asks who is in a channel.
    Presence(PresenceRequest),
    /// Asks how many are in a channel.
    PresenceStats(PresenceStatsRequest),
    /// Reads a channel's stream.
    History(HistoryRequest),
    /// Runs an operation.
    Rpc(RpcRequest),
    /// A message without a reply.
    Send(SendRequest),
    /// Renews the connection's token.
    Refresh(RefreshRequest),
    /// Renews a subscription's token.
    SubRefresh(SubRefreshRequest),
}

impl Command {
    /// A command with `id` and `request`.
    pub fn new(id: u32, request: impl Into<Request>) -> Self {
        let mut command = Self { id, ..Self::default() };
        match request.into() {
            Request::Connect(request) => command.connect = Some(request),
            Request::Ping(request) => command.ping = Some(request),
            Request::Subscribe(request) => command.subscribe = Some(request),
            Request::Unsubscribe(request) => command.unsubscribe = Some(request),
            Request::Publish(request) => command.publish = Some(request),
            Request::Presence(request) => command.presence = Some(request),
            Request::PresenceStats(request) => command.presence_stats = Some(request),
            Request::History(request) => command.history = Some(request),
            Request::Rpc(request) => command.rpc = Some(request),
            Request::Send(request) => command.send = Some(request),
            Request::Refresh(request) => command.refresh = Some(request),
            Request::SubRefresh(request) => command.sub_refresh = Some(request),
        }
        command
    }

    /// The answer to a ping.
    pub fn pong() -> Self {
        Self::default()
    }

    /// The first request in the protocol's order of dispatch; `None` when there is none.
    pub fn request(self) -> Option<Request> {
        None.or_else(|| self.connect.map(Request::Connect))
            .or_else(|| self.ping.map(Request::Ping))
            .or_else(|| self.subscribe.map(Request::Subscribe))
            .or_else(|| self.unsubscribe.map(Request::Unsubscribe))
            .or_else(|| self.publish.map(Request::Publish))
            .or_else(|| self.presence.map(Request::Presence))
            .or_else(|| self.presence_stats.map(Request::PresenceStats))
            .or_else(|| self.history.map(Request::History))
            .or_else(|| self.rpc.map(Request::Rpc))
            .or_else(|| self.send.map(Request::Send))
            .or_else(|| self.refresh.map(Request::Refresh))
            .or_else(|| self.sub_refresh.map(Request::SubRefresh))
    }
}

impl Request {
    /// The request's name on the wire, for metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Connect(_) => "connect",
            Self::Ping(_) => "ping",
            Self::Subscribe(_) => "subscribe",
            Self::Unsubscribe(_) => "unsubscribe",
            Self::Publish(_) => "publish",
            Self::Presence(_) => "presence",
            Self::PresenceStats(_) => "presence_stats",
            Self::History(_) => "history",
            Self::Rpc(_) => "rpc",
            Self::Send(_) => "send",
            Self::Refresh(_) => "refresh",
            Self::SubRefresh(_) => "sub_refresh",
        }
    }
}

macro_rules! requests {
    ($($variant:ident($message:ident)),* $(,)?) => {$(
        impl From<$message> for Request {
            fn from(request: $message) -> Self {
                Self::$variant(request)
            }
        }
    )*};
}

requests! {
    Connect(ConnectRequest),
    Ping(PingRequest),
    Subscribe(SubscribeRequest),
    Unsubscribe(UnsubscribeRequest),
    Publish(PublishRequest),
    Presence(PresenceRequest),
    PresenceStats(PresenceStatsRequest),
    History(HistoryRequest),
    Rpc(RpcRequest),
    Send(SendRequest),
    Refresh(RefreshRequest),
    SubRefresh(SubRefreshRequest),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pong_has_no_request() {
        assert_eq!(Command::pong().request(), None);
    }

    #[test]
    fn the_first_request_in_the_order_of_dispatch_counts() {
        let command = Command {
            id: 1,
            rpc: Some(RpcRequest::default()),
            send: Some(SendRequest::default()),
            publish: Some(PublishRequest::default()),
            ..Command::default()
        };
        assert_eq!(command.request().map(|request| request.name()), Some("publish"));
    }
}
