//! Bytes to commands and replies to bytes, whatever carries them; not a word of business.

pub mod connection;
pub mod frame;
pub mod handshake;
pub mod origin;
pub mod query;
pub mod sessions;
pub mod socket;
pub mod stream;
pub mod websocket;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{
    Router,
    routing::{any, get, post},
};
use tokio_util::task::TaskTracker;

use self::{sessions::Sessions, stream::emulation::emulate};
use crate::{config::http::Http, session::Needs};

/// What the connection endpoints need.
pub struct Transport {
    needs: Arc<Needs>,
    http: Http,
    tasks: TaskTracker,
    sessions: Arc<Sessions>,
}

impl Transport {
    /// Endpoints for sessions of `needs`. Each connection is one of `tasks`; `http` says whose pages
    /// may connect, and how long a request's body may take.
    pub fn new(needs: Arc<Needs>, http: Http, tasks: TaskTracker) -> Arc<Self> {
        let sessions = Arc::new(Sessions::new(needs.client.commands_per_frame));
        Arc::new(Self { needs, http, tasks, sessions })
    }

    /// The routes that upgrade.
    pub fn sockets(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/connection/websocket", any(websocket::bidirectional))
            .route("/connection/uni_websocket", any(websocket::unidirectional))
            .with_state(Arc::clone(self))
    }

    /// What stands in where no WebSocket comes through: plain requests and answers.
    pub fn streams(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/connection/http_stream", post(stream::http_stream))
            .route("/connection/sse", get(stream::sse).post(stream::sse))
            .route("/connection/uni_http_stream", post(stream::uni_http_stream))
            .route("/connection/uni_sse", get(stream::uni_sse).post(stream::uni_sse))
            .route("/emulation", post(emulate))
            .with_state(Arc::clone(self))
    }

    fn message_max(&self) -> usize {
        self.needs.client.message_max.0
    }
}
