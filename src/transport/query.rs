//! What the query of a connection's address asks for.

use axum::{extract::Query, http::Uri};
use serde::Deserialize;

use crate::{protocol::codec::Encoding, session::Pings};

/// The query's members that mean something here.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// What a client says first that cannot send it otherwise: JSON.
    pub cf_connect: Option<String>,
    cf_protocol: String,
    format: String,
    cf_ws_frame_ping_pong: String,
}

/// The query is not form-encoded UTF-8, or names a member twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the query cannot be read")]
pub struct Unreadable;

impl Asked {
    /// Reads the query of `uri`.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn by(uri: &Uri) -> Result<Self, Unreadable> {
        Query::try_from_uri(uri).map(|Query(asked)| asked).map_err(|_| Unreadable)
    }

    /// The encoding, where nothing else chooses one.
    pub fn encoding(&self) -> Encoding {
        match self.format == "protobuf" || self.cf_protocol == "protobuf" {
            true => Encoding::Protobuf,
            false => Encoding::Json,
        }
    }

    /// How a WebSocket is kept alive.
    pub fn pings(&self) -> Pings {
        match self.cf_ws_frame_ping_pong == "true" {
            true => Pings::Frames,
            false => Pings::Messages,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Result<Asked, Unreadable> {
        Asked::by(&format!("/connection/websocket{query}").parse().unwrap())
    }

    #[test]
    fn either_name_asks_for_protobuf() {
        assert_eq!(asked("?a=1&format=protobuf").unwrap().encoding(), Encoding::Protobuf);
        assert_eq!(asked("?cf_protocol=protobuf").unwrap().encoding(), Encoding::Protobuf);
        assert_eq!(asked("?format=json").unwrap().encoding(), Encoding::Json);
        assert_eq!(asked("").unwrap(), Asked::default());
    }

    #[test]
    fn frames_are_pinged_with_only_when_asked_for() {
        assert_eq!(asked("?cf_ws_frame_ping_pong=true").unwrap().pings(), Pings::Frames);
        assert_eq!(asked("?cf_ws_frame_ping_pong=1").unwrap().pings(), Pings::Messages);
    }

    #[test]
    fn what_a_client_says_first_is_decoded() {
        let encoded = "?cf_connect=%7B%22token%22%3A%22a+b%2Bc%22%7D";
        assert_eq!(asked(encoded).unwrap().cf_connect.unwrap(), r#"{"token":"a b+c"}"#);
        assert_eq!(asked("?cf_connect={}&cf_connect={}"), Err(Unreadable));
    }
}
