//! The body of a call: JSON text, not too long and not too slow.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, header},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::answer::{self, Refused};
use crate::{config::http::Http, error::Code, operation::Refusal};

/// Reads `body` whole, as UTF-8 text; `limits` say how much and how long.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    limits: &Http,
) -> Result<String, Refused> {
    if !is_json(headers) {
        let refusal = Refusal::new(Code::BadRequest).because("send application/json");
        return Err(Refused::from(refusal).under(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let whole = Limited::new(body, limits.body_max.0).collect();
    let bytes = match tokio::time::timeout(limits.body_timeout.0, whole).await {
        Err(_) => return Err(answer::too_slow(limits.body_timeout.0)),
        Ok(Err(fault)) if fault.is::<LengthLimitError>() => return Err(too_long(limits)),
        Ok(Err(_)) => return Err(malformed("the body broke off")),
        Ok(Ok(collected)) => collected.to_bytes(),
    };
    text(bytes).ok_or_else(|| malformed("the body is not UTF-8"))
}

/// A missing type is taken for JSON: bodies may be empty, and command-line clients forget it.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else { return true };
    let essence = content_type.to_str().unwrap_or("?").split(';').next().unwrap_or_default().trim();
    essence.is_empty() || essence.eq_ignore_ascii_case("application/json")
}

fn text(bytes: Bytes) -> Option<String> {
    simdutf8::basic::from_utf8(&bytes).ok()?;
    String::from_utf8(bytes.into()).ok()
}

fn malformed(reason: &str) -> Refused {
    Refusal::new(Code::BadRequest).because(reason).into()
}

fn too_long(limits: &Http) -> Refused {
    let refusal = Refusal::new(Code::LimitExceeded)
        .because("the body is too long")
        .with("max", limits.body_max.0);
    Refused::from(refusal).under(StatusCode::PAYLOAD_TOO_LARGE)
}
