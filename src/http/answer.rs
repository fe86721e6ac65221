//! Answers of the HTTP door: an operation's output as it is, a refusal as status, headers and JSON.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::value::RawValue;

use crate::{error::Code, operation::Refusal};

/// A refusal on its way out, with a status of its own where HTTP has a better word than the code.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    status: StatusCode,
    refusal: Refusal,
}

impl Refused {
    /// The same refusal under another status.
    pub(super) fn under(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.code().http_status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, refusal }
    }
}

impl From<Code> for Refused {
    fn from(code: Code) -> Self {
        Refusal::new(code).into()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = json(self.refusal.to_json().to_string());
        *response.status_mut() = self.status;
        // For the shell, which counts refusals.
        response.extensions_mut().insert(self.refusal.code());
        let headers = response.headers_mut();
        if let Some(wait_ms) = self.refusal.detail().get("retry_ms").and_then(|ms| ms.as_u64()) {
            headers.insert(header::RETRY_AFTER, wait_ms.div_ceil(1_000).max(1).into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, challenge(self.refusal.code()));
        }
        response
    }
}

/// RFC 6750, section 3.
fn challenge(code: Code) -> HeaderValue {
    HeaderValue::from_static(match code {
        Code::TokenExpired => {
            r#"Bearer realm="belfry", error="invalid_token", error_description="token expired""#
        }
        _ => r#"Bearer realm="belfry""#,
    })
}

/// An operation's output.
pub(super) fn output(output: Box<RawValue>) -> Response {
    let text: Box<str> = output.into();
    json(String::from(text))
}

/// Nothing that the door says about somebody may stay in a cache on the way.
fn json(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A refusal because of what arrived too slowly.
pub(super) fn too_slow(limit: Duration) -> Refused {
    let reason = format!("the body did not arrive within {limit:?}");
    let refusal = Refusal::new(Code::BadRequest).because(reason);
    Refused::from(refusal).under(StatusCode::REQUEST_TIMEOUT)
}
