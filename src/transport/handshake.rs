//! The opening handshake of RFC 6455 section 4.2: who may come in, and in which dialect.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header},
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::{
    protocol::codec::Encoding,
    session::Pings,
    transport::{
        origin::is_welcome,
        query::{Asked, Unreadable},
    },
};

/// Why a handshake is refused, before any upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a GET with the headers of a handshake.
    #[error("this address speaks WebSocket: GET with Upgrade, Connection and Sec-WebSocket-Key")]
    NotWebSocket,
    /// Another version than 13.
    #[error("only WebSocket version 13 is spoken")]
    Version,
    /// A browser's page from elsewhere.
    #[error("the origin is not in http.allowed_origins")]
    Origin,
    /// The query is none.
    #[error(transparent)]
    Query(#[from] Unreadable),
    /// The connect request in the query is none.
    #[error("`cf_connect` holds no connect request")]
    Connect,
}

/// A handshake that can be answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Handshake {
    /// How messages will be written.
    pub encoding: Encoding,
    /// How the connection is kept alive.
    pub pings: Pings,
    /// What the client said first, for one that cannot send it later: JSON.
    pub connect: Option<String>,
    accept: String,
    subprotocol: Option<Encoding>,
}

impl Refused {
    /// The word it is counted by.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotWebSocket => "handshake",
            Self::Version => "version",
            Self::Origin => "origin",
            Self::Query(_) => "query",
            Self::Connect => "connect",
        }
    }

    /// The status of the answer.
    pub fn status(self) -> StatusCode {
        match self {
            Self::NotWebSocket | Self::Query(_) | Self::Connect => StatusCode::BAD_REQUEST,
            Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Origin => StatusCode::FORBIDDEN,
        }
    }
}

impl Handshake {
    /// Reads the request of a handshake.
    ///
    /// # Errors
    /// [`Refused`] says what is wrong with it.
    pub fn read(request: &Request, allowed_origins: &[String]) -> Result<Self, Refused> {
        let headers = request.headers();
        let key = headers.get(header::SEC_WEBSOCKET_KEY).ok_or(Refused::NotWebSocket)?;
        let is_handshake = request.method() == Method::GET
            && names(headers, header::UPGRADE, "websocket")
            && names(headers, header::CONNECTION, "upgrade")
            && key.len() == 24;
        if !is_handshake {
            return Err(Refused::NotWebSocket);
        }
        if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
            return Err(Refused::Version);
        }
        if !is_welcome(headers, allowed_origins) {
            return Err(Refused::Origin);
        }
        let asked = Asked::by(request.uri())?;
        let subprotocol = Encoding::ALL.into_iter().find(|encoding| {
            names(headers, header::SEC_WEBSOCKET_PROTOCOL, encoding.subprotocol())
        });
        let encoding = subprotocol.unwrap_or_else(|| asked.encoding());
        let (pings, connect) = (asked.pings(), asked.cf_connect);
        let accept = derive_accept_key(key.as_bytes());
        Ok(Self { encoding, pings, connect, accept, subprotocol })
    }

    /// The answer that upgrades. Extensions are declined by silence.
    pub fn response<B: Default>(&self) -> Response<B> {
        let mut response = Response::new(B::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        if let Ok(accept) = HeaderValue::from_str(&self.accept) {
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        if let Some(encoding) = self.subprotocol {
            let name = HeaderValue::from_static(encoding.subprotocol());
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, name);
        }
        response
    }
}

/// Whether a comma-separated header names `token`, in whatever case (RFC 9110 section 5.6.1).
fn names(headers: &HeaderMap, header: header::HeaderName, token: &str) -> bool {
    let values = headers.get_all(header);
    let mut named =
        values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    named.any(|name| name.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(more: &[(&str, &str)]) -> Request {
        let mut request = Request::builder()
            .uri("/connection/websocket")
            .header("host", "im.example.cn")
            .header("upgrade", "WebSocket")
            .header("connection", "keep-alive, Upgrade")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        request.body(axum::body::Body::empty()).unwrap()
    }

    fn read(more: &[(&str, &str)]) -> Result<Handshake, Refused> {
        Handshake::read(&request(more), &["https://app.example.cn".to_owned()])
    }

    #[test]
    fn the_example_of_the_standard_is_accepted() {
        let response = read(&[]).unwrap().response::<String>();
        assert_eq!(response.status(), 101);
        assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(!response.headers().contains_key("sec-websocket-protocol"));
    }

    #[test]
    fn the_subprotocol_or_the_query_chooses_the_encoding() {
        let protobuf = read(&[("sec-websocket-protocol", "other, centrifuge-protobuf")]).unwrap();
        assert_eq!(protobuf.encoding, Encoding::Protobuf);
        let named = protobuf.response::<String>().headers()["sec-websocket-protocol"].clone();
        assert_eq!(named, "centrifuge-protobuf");
        let mut asking = request(&[]);
        *asking.uri_mut() = "/connection/websocket?format=protobuf".parse().unwrap();
        assert_eq!(Handshake::read(&asking, &[]).unwrap().encoding, Encoding::Protobuf);
    }

    #[test]
    fn an_empty_subprotocol_header_is_tolerated() {
        assert_eq!(read(&[("sec-websocket-protocol", "")]).unwrap().encoding, Encoding::Json);
    }

    #[test]
    fn pages_come_from_here_or_from_the_list() {
        assert!(read(&[("origin", "https://im.example.cn")]).is_ok());
        assert!(read(&[("origin", "https://app.example.cn")]).is_ok());
        assert_eq!(read(&[("origin", "https://evil.example")]), Err(Refused::Origin));
        assert_eq!(read(&[("origin", "null")]), Err(Refused::Origin));
    }

    #[test]
    fn what_is_no_handshake_is_told_what_one_is() {
        let mut bare = request(&[]);
        bare.headers_mut().remove("upgrade");
        assert_eq!(Handshake::read(&bare, &[]), Err(Refused::NotWebSocket));
        let mut old = request(&[]);
        old.headers_mut().insert("sec-websocket-version", HeaderValue::from_static("8"));
        assert_eq!(Handshake::read(&old, &[]), Err(Refused::Version));
    }
}
