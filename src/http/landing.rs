//! `/`: what runs here, and where to go from it.

use axum::{
    Router,
    http::{HeaderName, header},
    routing,
};

const HTML: (HeaderName, &str) = (header::CONTENT_TYPE, "text/html; charset=utf-8");
const CSS: (HeaderName, &str) = (header::CONTENT_TYPE, "text/css; charset=utf-8");
const POLICY: (HeaderName, &str) = (
    header::CONTENT_SECURITY_POLICY,
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

/// The page and its style, for any state.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", routing::get(([HTML, POLICY], include_str!("assets/landing.html"))))
        .route("/landing.css", routing::get(([CSS], include_str!("assets/landing.css"))))
}
