//! Commands on another way than the replies: what a client sends whose connection only reads.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::is_default;

/// Commands for a connection, named by what its connect result said.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
#[prost(skip_debug)]
pub struct EmulationRequest {
    /// The node that holds the connection.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub node: String,
    /// The secret of the connection.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub session: String,
    /// One frame of commands, in the encoding of the connection; a text in JSON.
    #[prost(bytes = "bytes", tag = "3")]
    #[serde(skip_serializing_if = "is_default", with = "text")]
    pub data: Bytes,
}

impl fmt::Debug for EmulationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmulationRequest").field("node", &self.node).finish_non_exhaustive()
    }
}

/// Bytes as a text.
mod text {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serializer, ser::Error};

    pub(super) fn serialize<S: Serializer>(data: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(data).map_err(S::Error::custom)?)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Bytes, D::Error> {
        String::deserialize(deserializer).map(Bytes::from)
    }
}
