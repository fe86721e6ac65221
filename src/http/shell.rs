//! Around every route: a request id, security headers, CORS for configured origins, and the count.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    config::http::Http,
    error::Code,
    telemetry::{
        Metrics,
        label::{ByRefusal, ByRequest, ByRoute, Door},
    },
};

/// For what changes only with the binary or the configuration.
pub(super) const REVALIDATE: (HeaderName, &str) = (header::CACHE_CONTROL, "no-cache");

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID_MAX: usize = 64;

/// Where an answer says nothing of its own; pages say more.
const DEFAULTS: [(HeaderName, HeaderValue); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// What the layer knows.
pub(super) struct Shell {
    allowed_origins: Vec<HeaderValue>,
    metrics: Metrics,
}

impl Shell {
    pub(super) fn new(http: &Http, metrics: Metrics) -> Self {
        let origins = http.allowed_origins.iter();
        let allowed_origins = origins.filter_map(|origin| origin.parse().ok()).collect();
        Self { allowed_origins, metrics }
    }

    fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        self.allowed_origins.iter().find(|allowed| *allowed == origin).cloned()
    }

    /// Counts and logs: the route as it is declared, never the path, whose words are the client's.
    fn count(
        &self,
        route: Option<MatchedPath>,
        id: &HeaderValue,
        since: Instant,
        answer: &Response,
    ) {
        let route = route.map_or_else(|| "none".to_owned(), |route| route.as_str().to_owned());
        let (status, elapsed) = (answer.status(), since.elapsed());
        let ms = elapsed.as_millis();
        match status.is_server_error() {
            true => tracing::warn!(route, ?id, %status, ms, "a request failed"),
            false => tracing::debug!(route, ?id, %status, ms, "a request was answered"),
        }
        if let Some(code) = answer.extensions().get::<Code>() {
            self.metrics.refusals.one(&ByRefusal { door: Door::Http, code: *code });
        }
        self.metrics.request_time.time(&ByRoute { route: route.clone() }, elapsed);
        self.metrics.requests.one(&ByRequest { route, status: status.as_u16() });
    }

    fn dress(&self, headers: &mut HeaderMap, origin: Option<HeaderValue>) {
        for (name, value) in DEFAULTS {
            headers.entry(name).or_insert(value);
        }
        if !self.allowed_origins.is_empty() {
            headers.append(header::VARY, HeaderValue::from_static("origin"));
        }
        if let Some(origin) = origin {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            let exposed = HeaderValue::from_static("retry-after, x-request-id");
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
    }
}

/// The layer around every route of the door.
pub(super) async fn around(
    State(shell): State<Arc<Shell>>,
    route: Option<MatchedPath>,
    mut request: Request,
    next: Next,
) -> Response {
    let since = Instant::now();
    let id = request_id(request.headers());
    let origin = shell.allowed(request.headers());
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let mut response = match is_preflight(&request) {
        true => preflight(origin.is_some()),
        false => next.run(request).await,
    };
    shell.count(route, &id, since, &response);
    shell.dress(response.headers_mut(), origin);
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// The client's own id where it is short and plain, so that it can stand in logs; else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let is_plain = |id: &&HeaderValue| {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        (1..=REQUEST_ID_MAX).contains(&id.len()) && id.as_bytes().iter().all(plain)
    };
    let given = headers.get(REQUEST_ID).filter(is_plain).cloned();
    given.unwrap_or_else(|| {
        let fresh = Uuid::new_v4().simple().to_string();
        HeaderValue::try_from(fresh).unwrap_or(HeaderValue::from_static("-"))
    })
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Says what pages of an allowed origin may send; to others, nothing (Fetch, section 3.2).
fn preflight(is_allowed: bool) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if is_allowed {
        let headers = response.headers_mut();
        let mut says = |name, value| headers.insert(name, HeaderValue::from_static(value));
        says(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST");
        says(header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, x-request-id");
        says(header::ACCESS_CONTROL_MAX_AGE, "600");
    }
    response
}
