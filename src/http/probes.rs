//! `/healthz`, `/readyz` and `/metrics`: what load balancers and operators ask.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::IntoResponse,
    routing::{self, MethodRouter},
};

use super::Needs;
use crate::telemetry::metric::CONTENT_TYPE;

const FRESH: (HeaderName, &str) = (header::CACHE_CONTROL, "no-store");

/// That the process lives is shown by answering at all.
pub(super) fn alive<S: Clone + Send + Sync + 'static>() -> MethodRouter<S> {
    let json = (header::CONTENT_TYPE, "application/json");
    routing::get(([json, FRESH], r#"{"alive":true}"#))
}

/// 200 while new clients are welcome, 503 with the part that says no otherwise.
pub(super) async fn ready(State(needs): State<Arc<Needs>>) -> impl IntoResponse {
    let readiness = std::future::ready(needs.health.readiness()).await;
    let status = match readiness.is_ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, [FRESH], Json(readiness))
}

/// Every metric, in the `OpenMetrics` text format.
pub(super) async fn metrics(State(needs): State<Arc<Needs>>) -> impl IntoResponse {
    let page = std::future::ready(needs.metrics.encode()).await;
    ([(header::CONTENT_TYPE, CONTENT_TYPE), FRESH], page)
}
