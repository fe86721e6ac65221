//! `GET /media/<id>`: a picture or a voice for whoever holds a signed link to it.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{self, MethodRouter},
};
use serde::Deserialize;

use super::{
    Needs,
    answer::Refused,
    range::{self, Wanted},
};
use crate::{
    error::Code,
    ids::MediaId,
    media::{
        Lent, Lost,
        link::{Form, Ticket},
    },
    operation::Refusal,
};

/// What a link says beside the file's id.
#[derive(Deserialize)]
struct Signed {
    /// Until when.
    e: i64,
    /// The signature.
    s: String,
    /// Which form.
    k: Option<String>,
}

/// A file is a file: whatever is in it, no page may come of it.
const POLICY: &str = "default-src 'none'; sandbox";

pub(super) fn route() -> MethodRouter<Arc<Needs>> {
    routing::get(lend)
}

async fn lend(
    State(needs): State<Arc<Needs>>,
    id: Result<Path<String>, PathRejection>,
    link: Result<Query<Signed>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let (Ok(Path(id)), Ok(Query(link))) = (id, link) else { return Err(refused(Lost::Nothing)) };
    let form = Form::of_word(link.k.as_deref()).ok_or_else(|| refused(Lost::Nothing))?;
    let id = MediaId::from(id);
    let ticket = Ticket { id: &id, form, expires_at: link.e, signature: &link.s };
    let lent = needs.media.lend(&ticket).await.map_err(refused)?;
    let mut response = match unchanged(&headers, &lent) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => bytes(&needs, &headers, &lent).await?,
    };
    dress(response.headers_mut(), &lent);
    Ok(response)
}

/// The file, or the stretch of it that is asked for.
async fn bytes(needs: &Needs, headers: &HeaderMap, lent: &Lent) -> Result<Response, Refused> {
    let length = lent.length;
    // A range of another version would not fit what the client has (RFC 9110, section 13.1.5).
    let is_for_this = text(headers, header::IF_RANGE).is_none_or(|tag| tag == lent.tag);
    let asked = text(headers, header::RANGE).filter(|_| is_for_this);
    let (status, range) = match range::wanted(asked, length) {
        Wanted::Whole => (StatusCode::OK, 0..length),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Beyond => {
            let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            put(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{length}"));
            return Ok(response);
        }
    };
    let pieces = needs.media.read(lent, range.clone()).await.map_err(refused)?;
    let mut response = Response::new(Body::from_stream(pieces));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(lent.media_type));
    headers.insert(header::CONTENT_LENGTH, (range.end - range.start).into());
    if status == StatusCode::PARTIAL_CONTENT {
        let stretch = format!("bytes {}-{}/{length}", range.start, range.end - 1);
        put(headers, header::CONTENT_RANGE, &stretch);
    }
    Ok(response)
}

fn dress(headers: &mut HeaderMap, lent: &Lent) {
    put(headers, header::ETAG, &lent.tag);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    // Asked again each time, so that what was taken back is gone; the answer is mostly "unchanged".
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
}

/// RFC 9110, section 13.1.2.
fn unchanged(headers: &HeaderMap, lent: &Lent) -> bool {
    text(headers, header::IF_NONE_MATCH).is_some_and(|known| {
        let mut tags = known.split(',').map(|tag| tag.trim().trim_start_matches("W/"));
        tags.any(|tag| tag == lent.tag || tag == "*")
    })
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

fn refused(lost: Lost) -> Refused {
    match lost {
        Lost::Nothing => Refusal::new(Code::NotInScope)
            .because("no such file, or the link to it was not made here")
            .into(),
        Lost::Over => Refusal::new(Code::Gone)
            .because("the link is over; fetch the record that shows the file again")
            .into(),
        Lost::Failed(fault) => Refusal::from(fault).into(),
    }
}
