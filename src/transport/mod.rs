//! Bytes to commands and replies to bytes, whatever carries them; not a word of business.

pub mod connection;
pub mod frame;
pub mod handshake;
pub mod origin;
pub mod query;
pub mod socket;
pub mod websocket;

use std::sync::Arc;

use axum::{Router, routing::any};
use tokio_util::task::TaskTracker;

use crate::{config::http::Http, session::Needs};

/// What the connection endpoints need.
pub struct Transport {
    /// What sessions need of the house.
    pub needs: Arc<Needs>,
    /// Whose pages may connect, and how long a request's body may take.
    pub http: Http,
    /// The tasks of connections: one each.
    pub tasks: TaskTracker,
}

impl Transport {
    /// The routes under `/connection/`.
    pub fn router(self) -> Router {
        Router::new()
            .route("/connection/websocket", any(websocket::bidirectional))
            .route("/connection/uni_websocket", any(websocket::unidirectional))
            .with_state(Arc::new(self))
    }
}
