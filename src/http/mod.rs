//! The HTTP door: the operations at `POST /api/v1/<name>`, their document, its page, and files by link.
//!
//! Shares no state with the other door; both run the one catalogue. What travels here beside
//! operations is for developers and operators: the OpenAPI document, a page to try it, a landing page.

mod answer;
mod bearer;
mod body;
mod landing;
mod manual;
mod media;
mod openapi;
mod operations;
mod probes;
mod range;
mod shell;
#[cfg(test)]
mod tests;
mod upload;

use std::sync::Arc;

use axum::{Router, middleware, routing};

use self::answer::Refused;
use crate::{
    config::http::Http,
    error::Code,
    identity::Identity,
    media::Media,
    operation::Catalogue,
    telemetry::{Health, Metrics},
};

/// What the door stands on.
pub struct Needs {
    /// What can be called.
    pub catalogue: Arc<Catalogue>,
    /// Who may call.
    pub identity: Identity,
    /// What links lead to.
    pub media: Media,
    /// Limits and origins.
    pub http: Http,
    /// Where requests are counted, and what `/metrics` shows.
    pub metrics: Metrics,
    /// What `/readyz` shows.
    pub health: Health,
}

/// Every route of the door, with its layers; the composition merges it with the other door's.
pub fn router(needs: Needs) -> Router {
    let document = openapi::document(&needs.catalogue, &needs.http.public_url);
    let (http, metrics) = (needs.http.clone(), needs.metrics.clone());
    let door = Router::new()
        .route("/api/v1/{name}", operations::route())
        .route("/media/{id}", media::route())
        .route("/healthz", probes::alive())
        .route("/readyz", routing::get(probes::ready))
        .route("/metrics", routing::get(probes::metrics))
        .with_state(Arc::new(needs))
        .merge(manual::routes(document.to_string().into()))
        .merge(landing::routes())
        .fallback(Refused::from(Code::MethodNotFound));
    dress(door, &http, &metrics)
}

/// The layers that stand around every route of this door, around others: request ids, security
/// headers, CORS, and the count.
pub fn dress(routes: Router, http: &Http, metrics: &Metrics) -> Router {
    let shell = Arc::new(shell::Shell::new(http, metrics.clone()));
    routes.layer(middleware::from_fn_with_state(shell, shell::around))
}
