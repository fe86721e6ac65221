//! The accept loop under both doors: sockets in, requests to one router, an orderly stop.
//!
//! Ready-made servers read a request's head without a deadline and forget upgraded sockets when they
//! stop, so the loop is our own over hyper's HTTP/1 connection. It knows no route: the composition
//! hands it the finished router. Every request carries three extensions:
//! [`PeerAddress`](crate::operation::caller::PeerAddress), [`Seat`] and [`Leash`]. Whose connection it
//! is, trusted proxies say, and nobody else; the limits count clients and not proxies.

mod admission;
mod connection;
mod forwarded;
mod preface;
mod rate;
mod reserve;
mod seated;
mod socket;
#[cfg(test)]
mod tests;
mod trust;

use std::{io, net::SocketAddr, sync::Arc};

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::{admission::Admission, connection::Host, reserve::Reserve};
pub use self::{admission::Seat, connection::Leash, preface::LOCAL as LOCAL_PREFACE};
use crate::{
    config::{admission::Admission as Limits, http::Http},
    telemetry::{Metrics, label::ByReason},
};

/// Paths that are answered even when a connection is one too many: operators must see a storm.
const ALWAYS: &[&str] = &["/healthz", "/readyz", "/metrics"];

/// Where the paths begin whose requests become connections of clients. A proxy reuses its own, so that
/// behind one these are what the rates count.
const CONNECTING: &str = "/connection/";

/// A listening socket, with the limits on what it lets in.
pub struct Listener {
    socket: TcpListener,
    http: Http,
    admission: Admission,
    metrics: Metrics,
}

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {cause}")]
pub struct BindFault {
    address: SocketAddr,
    #[source]
    cause: io::Error,
}

impl Listener {
    /// Listens on `http.listen`. Connections wait in the kernel until [`Listener::serve`] runs.
    ///
    /// # Errors
    /// When the address is taken, or is not of this machine.
    pub fn bind(http: Http, limits: &Limits, metrics: Metrics) -> Result<Self, BindFault> {
        let socket =
            socket::listen(&http).map_err(|cause| BindFault { address: http.listen, cause })?;
        Ok(Self { socket, http, admission: Admission::new(limits), metrics })
    }

    /// The address in use, with the port that was taken when port 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap_or(self.http.listen)
    }

    /// Serves `router` until `stop`; then closes the socket, lets running requests finish within
    /// `http.stop_grace`, and returns when the last is done. Upgraded sockets belong to who took them.
    pub async fn serve(self, router: Router, stop: CancellationToken) {
        let Self { socket, http, admission, metrics } = self;
        let host = Arc::new(Host::new(&http, admission, router, metrics.clone(), stop.clone()));
        let mut reserve = Reserve::new();
        while let Some(accepted) = stop.run_until_cancelled(socket.accept()).await {
            match accepted {
                Ok((stream, peer)) => host.receive(stream, peer),
                Err(fault) if is_of_the_peer(&fault) => {}
                Err(fault) => {
                    tracing::warn!(%fault, "no connection can be accepted");
                    metrics.admission_refusals.one(&ByReason { reason: "descriptors" });
                    reserve.turn_one_away(&socket).await;
                }
            }
        }
        drop(socket);
        host.finish().await;
    }
}

/// Whether accepting failed because of this one peer, so that the next may be tried at once.
fn is_of_the_peer(fault: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(fault.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
