//! The platform's own door to channels: publish, ask, subscribe and disconnect, as its services.
//!
//! Names and shapes follow what operators of Centrifuge servers know.

use std::collections::BTreeMap;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    channel::platform::Platform,
    ids::{ChannelName, ConnectionId, UserId},
    operation::{Operation, Rate, Role},
};

/// Who may use this door.
const TRUSTED: &[Role] = &[Role::Service, Role::Operator];

/// JSON of any shape, kept as it was written.
pub type Json = Box<RawValue>;

/// Publishes to one channel.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// The channel.
    pub channel: ChannelName,
    /// The payload.
    #[schemars(with = "serde_json::Value")]
    pub data: Json,
    /// Labels that go with the publication.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The same key again, within five minutes by default, publishes nothing and answers the same.
    pub idempotency_key: Option<String>,
    /// Reaches subscribers without entering the channel's history.
    #[serde(default)]
    pub skip_history: bool,
}

/// Where a publication stands.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Published {
    /// Its number in the stream; 0 in a channel without history.
    pub offset: u64,
    /// The life of the stream that it counts in; empty in a channel without history.
    pub epoch: String,
}

/// Publishes the same to several channels.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Broadcast {
    /// The channels, at most 1000.
    pub channels: Vec<ChannelName>,
    /// The payload.
    #[schemars(with = "serde_json::Value")]
    pub data: Json,
    /// Labels that go with the publications.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// As for `publish`, in each channel.
    pub idempotency_key: Option<String>,
    /// Reaches subscribers without entering the channels' histories.
    #[serde(default)]
    pub skip_history: bool,
}

/// What came of each publication of a broadcast, in the order of the channels.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Broadcasted {
    /// One for each channel.
    pub responses: Vec<Response>,
}

/// What came of one publication.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// It was published.
    Result(Published),
    /// It was not.
    Error {
        /// The number of the code.
        code: u32,
        /// Its words.
        message: String,
    },
}

/// Subscribes a user's connections on the server's side.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {
    /// The user.
    pub user: UserId,
    /// The channel.
    pub channel: ChannelName,
    /// Only this connection of the user.
    pub client: Option<String>,
    /// Shown to the channel's others as `chan_info`.
    #[schemars(with = "Option<serde_json::Value>")]
    pub info: Option<Json>,
    /// Given to the client with the subscription.
    #[schemars(with = "Option<serde_json::Value>")]
    pub data: Option<Json>,
}

/// Ends subscriptions of a user's connections.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unsubscribe {
    /// The user.
    pub user: UserId,
    /// The channel.
    pub channel: ChannelName,
    /// Only this connection of the user.
    pub client: Option<String>,
}

/// Ends a user's connections.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disconnect {
    /// The user.
    pub user: UserId,
    /// Only this connection of the user.
    pub client: Option<String>,
    /// A close code of the application's own, 4000–4999; 3503 (stay away) when absent.
    pub code: Option<u16>,
    /// Words for the close frame; needed with a code.
    pub reason: Option<String>,
}

/// Sets the time of a user's connections anew.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The user.
    pub user: UserId,
    /// Only this connection of the user.
    pub client: Option<String>,
    /// Whether it has expired: the connection ends at once and the client fetches a new token.
    #[serde(default)]
    pub expired: bool,
    /// When it expires, in seconds since 1970; absent for never.
    pub expire_at: Option<i64>,
}

/// How many connections of this node were reached.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Reached {
    /// So many.
    pub connections: usize,
}

/// Names one channel.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The channel.
    pub channel: ChannelName,
}

/// Who is in a channel.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Present {
    /// By connection.
    pub presence: BTreeMap<String, Person>,
}

/// One connection in a channel.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Person {
    /// The user; empty for an anonymous one.
    pub user: String,
    /// The connection.
    pub client: String,
    /// What its token says to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub conn_info: Option<Json>,
    /// What its subscription says to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub chan_info: Option<Json>,
}

/// How many are in a channel.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Counted {
    /// Connections.
    pub num_clients: usize,
    /// Different users.
    pub num_users: usize,
}

/// Reads a channel's stream.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadHistory {
    /// The channel.
    pub channel: ChannelName,
    /// How many publications: 0 for the position alone, negative for as many as allowed.
    #[serde(default)]
    pub limit: i32,
    /// Only what lies beyond this position, exclusive.
    pub since: Option<Position>,
    /// Newest first.
    #[serde(default)]
    pub reverse: bool,
}

/// A place in a stream.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The publication's number.
    pub offset: u64,
    /// The life of the stream; empty when unknown.
    #[serde(default)]
    pub epoch: String,
}

/// A channel's stream.
#[derive(Debug, Serialize, JsonSchema)]
pub struct History {
    /// In the order asked for.
    pub publications: Vec<Item>,
    /// The life of the stream.
    pub epoch: String,
    /// Its newest publication.
    pub offset: u64,
}

/// One publication.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    /// Its number.
    pub offset: u64,
    /// The payload; absent when it is not JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub data: Option<Json>,
    /// Who published it, when a client did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info: Option<Person>,
    /// Labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// Asks for channels.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListChannels {
    /// Only those whose names start so.
    #[serde(default)]
    pub prefix: String,
    /// At most so many, 1000 by default and at most.
    pub limit: Option<usize>,
}

/// Channels with subscribers on this node.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Channels {
    /// By name.
    pub channels: BTreeMap<ChannelName, Subscribers>,
}

/// How many listen to a channel.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Subscribers {
    /// Connections on this node.
    pub num_clients: usize,
}

/// Nothing to say.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// What this node is doing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Info {
    /// The nodes; one process is its own cluster.
    pub nodes: Vec<Node>,
}

/// One node.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Node {
    /// The server's version.
    pub version: String,
    /// Open connections.
    pub num_clients: usize,
    /// Different users among them.
    pub num_users: usize,
    /// Seconds since it started.
    pub uptime: u32,
}

/// Declares one operation of this door.
macro_rules! operation {
    ($platform:ident, $name:literal, $summary:literal, $method:ident) => {{
        let platform = $platform.clone();
        Operation::new($name, $summary, TRUSTED, Rate::Trusted, move |_caller, input| {
            let platform = platform.clone();
            async move { platform.$method(input).await }
        })
    }};
}

/// The operations of this door.
pub fn operations(platform: &Platform) -> Vec<Operation> {
    vec![
        operation!(platform, "publish", "Publish to a channel.", publish),
        operation!(platform, "broadcast", "Publish the same to several channels.", broadcast),
        operation!(
            platform,
            "subscribe",
            "Subscribe a user's connections to a channel.",
            subscribe
        ),
        operation!(
            platform,
            "unsubscribe",
            "End a user's subscriptions to a channel.",
            unsubscribe
        ),
        operation!(platform, "disconnect", "End a user's connections.", disconnect),
        operation!(platform, "refresh", "Set the time of a user's connections anew.", refresh),
        operation!(platform, "presence", "Tell who is in a channel.", presence),
        operation!(platform, "presence_stats", "Tell how many are in a channel.", presence_stats),
        operation!(platform, "history", "Read a channel's stream.", history),
        operation!(
            platform,
            "history_remove",
            "Forget what a channel's stream keeps.",
            history_remove
        ),
        operation!(platform, "channels", "List channels with subscribers on this node.", channels),
        operation!(platform, "info", "Tell what this node is doing.", info),
    ]
}

/// Reads the text of a connection id; `None` for all connections of the user.
pub(super) fn one(client: Option<&str>) -> Result<Option<ConnectionId>, Malformed> {
    client.map(|client| ConnectionId::parse(client).ok_or(Malformed)).transpose()
}

/// The text is no connection id.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("`client` is no connection id")]
pub struct Malformed;

/// JSON from bytes that the hub keeps; `None` for what is empty or other than JSON.
pub(super) fn json(bytes: &Bytes) -> Option<Json> {
    serde_json::from_slice(bytes).ok()
}
