//! `/api/`: the OpenAPI document, and Swagger UI over it, served from the binary.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
    routing,
};
use utoipa_swagger_ui::Config;

use super::{answer::Refused, shell};
use crate::error::Code;

/// Swagger UI draws with inline styles and `data:` pictures; scripts come from the server alone.
const POLICY: (HeaderName, &str) = (
    header::CONTENT_SECURITY_POLICY,
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);
const HTML: (HeaderName, &str) = (header::CONTENT_TYPE, "text/html; charset=utf-8");
const SCRIPT: (HeaderName, &str) = (header::CONTENT_TYPE, "text/javascript; charset=utf-8");
const JSON: (HeaderName, &str) = (header::CONTENT_TYPE, "application/json");

/// The document and the page, for any state.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(document: Bytes) -> Router<S> {
    let files = Arc::new(Config::from("openapi.json"));
    let file = move |Path(name): Path<String>| std::future::ready(file(&name, &files));
    Router::new()
        .route("/api/openapi.json", routing::get(([JSON, shell::REVALIDATE], document)))
        .route("/api", routing::get(Redirect::permanent("/api/")))
        .route("/api/", routing::get(([HTML, POLICY], include_str!("assets/api.html"))))
        .route("/api/page/start.js", routing::get(([SCRIPT], include_str!("assets/start.js"))))
        .route("/api/page/{name}", routing::get(file))
}

fn file(name: &str, config: &Arc<Config<'static>>) -> Response {
    let Ok(Some(file)) = utoipa_swagger_ui::serve(name, Arc::clone(config)) else {
        return Refused::from(Code::MethodNotFound).into_response();
    };
    let mut response = Response::new(Body::from(file.bytes.into_owned()));
    let headers = response.headers_mut();
    if let Ok(content_type) = HeaderValue::from_str(&file.content_type) {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    // Every browser takes gzip; keeping a second, unpacked copy for others is not worth its size.
    if file.gzpipped {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}
