//! What a request brings that opens a stream or sends commands: checked, bounded and read.

use std::net::IpAddr;

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::{
    listener::Leash,
    operation::caller::PeerAddress,
    protocol::codec::Encoding,
    transport::{
        Transport,
        origin::is_welcome,
        query::{Asked, Unreadable},
        sessions::Undelivered,
    },
};

/// A request, read whole.
pub struct Intake {
    /// The encoding of the body, as its type says.
    pub encoding: Encoding,
    /// The body; empty when there is none.
    pub body: Bytes,
    /// The client's address.
    pub address: Option<IpAddr>,
    /// The hold on its HTTP connection.
    pub leash: Option<Leash>,
    asked: Asked,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A browser's page from elsewhere.
    #[error("the origin is not in http.allowed_origins")]
    Origin,
    /// The query is none.
    #[error(transparent)]
    Query(#[from] Unreadable),
    /// The body is too long.
    #[error("the body is too long")]
    TooLong,
    /// The body did not arrive in time.
    #[error("the body is too slow")]
    TooSlow,
    /// The body broke off.
    #[error("the body broke off")]
    Broken,
    /// Nothing that connects.
    #[error("neither `cf_connect` nor the body holds what connects")]
    NoConnect,
    /// The body is no request for emulation.
    #[error("the body is no emulation request")]
    Malformed,
    /// The commands did not reach their connection.
    #[error(transparent)]
    Undelivered(#[from] Undelivered),
}

impl Intake {
    /// Reads `request`, whose body may hold `max` bytes.
    ///
    /// # Errors
    /// [`Refused`] says what is wrong with it.
    pub async fn read(
        transport: &Transport,
        request: Request,
        max: usize,
    ) -> Result<Self, Refused> {
        let (parts, body) = request.into_parts();
        if !is_welcome(&parts.headers, &transport.http.allowed_origins) {
            return Err(Refused::Origin);
        }
        let asked = Asked::by(&parts.uri)?;
        let whole = tokio::time::timeout(transport.http.body_timeout.0, collect(body, max));
        let body = whole.await.map_err(|_| Refused::TooSlow)??;
        transport.needs.metrics.received.add(body.len() as u64);
        let peer = parts.extensions.get::<PeerAddress>();
        Ok(Self {
            encoding: encoding(&parts.headers),
            body,
            address: peer.map(|PeerAddress(peer)| peer.ip()),
            leash: parts.extensions.get().cloned(),
            asked,
        })
    }

    /// What the client says first: in the query, or in the body.
    pub fn said(&self) -> Option<&[u8]> {
        let in_query = self.asked.cf_connect.as_deref().map(str::as_bytes);
        in_query.or(Some(&*self.body)).filter(|said| !said.is_empty())
    }
}

async fn collect(body: Body, max: usize) -> Result<Bytes, Refused> {
    match Limited::new(body, max).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(fault) if fault.is::<LengthLimitError>() => Err(Refused::TooLong),
        Err(_) => Err(Refused::Broken),
    }
}

fn encoding(headers: &HeaderMap) -> Encoding {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    match essence.trim().eq_ignore_ascii_case("application/octet-stream") {
        true => Encoding::Protobuf,
        false => Encoding::Json,
    }
}

impl Refused {
    fn status(self) -> StatusCode {
        match self {
            Self::Origin => StatusCode::FORBIDDEN,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Undelivered(Undelivered::Node | Undelivered::Session) => StatusCode::NOT_FOUND,
            Self::Undelivered(Undelivered::Full) => StatusCode::TOO_MANY_REQUESTS,
            Self::Query(_)
            | Self::Broken
            | Self::NoConnect
            | Self::Malformed
            | Self::Undelivered(Undelivered::Malformed) => StatusCode::BAD_REQUEST,
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = (self.status(), self.to_string()).into_response();
        if self.status() == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, 1.into());
        }
        response
    }
}
