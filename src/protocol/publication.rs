//! A publication, and the push that brings it to many: written by hand, once an encoding.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    codec::{Encoding, write_delimited},
    is_default,
    payload::{self, NotJson},
    push::Push,
    reply::Reply,
};

/// One item of a channel's stream.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Publication {
    /// The payload.
    #[prost(bytes = "bytes", tag = "4")]
    #[serde(skip_serializing_if = "is_default", with = "payload")]
    pub data: Bytes,
    /// Who published, when a client did.
    #[prost(message, optional, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub info: Option<ClientInfo>,
    /// Its number in the stream, below 2⁵³; 0 in a channel without history.
    #[prost(uint64, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub offset: u64,
    /// Words about the payload that need no parsing.
    #[prost(btree_map = "string, string", tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub tags: BTreeMap<String, String>,
    /// When it was published, in milliseconds since 1970-01-01 UTC; 0 when not told.
    #[prost(int64, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub time: i64,
    /// The stream's epoch, on the first publication of a stream alone.
    #[prost(string, tag = "14")]
    #[serde(skip_serializing_if = "is_default")]
    pub epoch: String,
}

/// Who a connection is to the others in a channel.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientInfo {
    /// The user's id; empty for an anonymous connection.
    #[prost(string, tag = "1")]
    pub user: String,
    /// The connection's id.
    #[prost(string, tag = "2")]
    pub client: String,
    /// What the connection's token says to show.
    #[prost(bytes = "bytes", tag = "3")]
    #[serde(skip_serializing_if = "is_default", with = "payload")]
    pub conn_info: Bytes,
    /// What the subscription's token says to show.
    #[prost(bytes = "bytes", tag = "4")]
    #[serde(skip_serializing_if = "is_default", with = "payload")]
    pub chan_info: Bytes,
}

/// Whether the transport carries replies, or pushes alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// A push travels inside a reply.
    Bidirectional,
    /// A push travels bare.
    Unidirectional,
}

/// Appends the push that brings `publication` to the readers of `channel`, framed for `encoding`.
///
/// # Errors
/// [`NotJson`] when a payload cannot travel in JSON; `out` is then as it was.
pub fn encode_publication_push(
    encoding: Encoding,
    channel: &str,
    publication: &Publication,
    direction: Direction,
    out: &mut Vec<u8>,
) -> Result<(), NotJson> {
    match encoding {
        Encoding::Json => {
            let start = out.len();
            let written = write_json(channel, publication, direction, out);
            if written.is_err() {
                out.truncate(start);
            }
            written
        }
        Encoding::Protobuf => {
            write_protobuf(channel, publication, direction, out);
            Ok(())
        }
    }
}

/// Writes the fields in the order of the structs: the derived encoding is the same text.
fn write_json(
    channel: &str,
    publication: &Publication,
    direction: Direction,
    out: &mut Vec<u8>,
) -> Result<(), NotJson> {
    let (head, tail): (&[u8], &[u8]) = match direction {
        Direction::Bidirectional => (b"{\"push\":{\"channel\":", b"}}}"),
        Direction::Unidirectional => (b"{\"channel\":", b"}}"),
    };
    out.extend_from_slice(head);
    write_value(channel, out)?;
    out.extend_from_slice(b",\"pub\":{");
    let mut fields = Fields { out, is_first: true };
    if !publication.data.is_empty() {
        payload::write(&publication.data, fields.next("data"))?;
    }
    if let Some(info) = &publication.info {
        write_value(info, fields.next("info"))?;
    }
    if publication.offset != 0 {
        write_value(&publication.offset, fields.next("offset"))?;
    }
    if !publication.tags.is_empty() {
        write_value(&publication.tags, fields.next("tags"))?;
    }
    if publication.time != 0 {
        write_value(&publication.time, fields.next("time"))?;
    }
    if !publication.epoch.is_empty() {
        write_value(&publication.epoch, fields.next("epoch"))?;
    }
    out.extend_from_slice(tail);
    Ok(())
}

/// The members of a JSON object that is being written.
struct Fields<'a> {
    out: &'a mut Vec<u8>,
    is_first: bool,
}

impl Fields<'_> {
    /// Starts a member; `name` needs no escapes.
    fn next(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::replace(&mut self.is_first, false) {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }
}

fn write_value<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), NotJson> {
    serde_json::to_writer(out, value).map_err(|_| NotJson)
}

fn write_protobuf(
    channel: &str,
    publication: &Publication,
    direction: Direction,
    out: &mut Vec<u8>,
) {
    let push = Push::publication(channel, publication.clone());
    match direction {
        Direction::Bidirectional => write_delimited(&Reply::push(push), out),
        Direction::Unidirectional => write_delimited(&push, out),
    }
}
