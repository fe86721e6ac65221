//! One HTTP/1 connection: its deadlines, its two extensions, and how it ends.

use std::{convert::Infallible, future::Future, net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request, Response, StatusCode, header},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

use super::{
    ALWAYS,
    admission::{Refusal, Ruling, Seat},
};
use crate::{
    config::http::Http,
    error::Code,
    operation::{Refusal as Reply, caller::PeerAddress},
    telemetry::{Metrics, label::ByReason},
};

/// hyper refuses to work with a smaller buffer.
const BUFFER_MIN: usize = 8 << 10;

/// A hold on the HTTP connection of a request, for who answers it without an end in sight.
#[derive(Clone, Debug)]
pub struct Leash(CancellationToken);

impl Leash {
    /// Waits until the connection has ended by itself, for `patience` at most, and then breaks it
    /// off: a peer that takes nothing would hold it for long.
    pub async fn end_within(&self, patience: Duration) {
        let _ended = tokio::time::timeout(patience, self.0.cancelled()).await;
        self.0.cancel();
    }
}

/// What every connection needs, made once.
pub(super) struct Host {
    http1: http1::Builder,
    /// The same for connections that get one answer and no second.
    last_words: http1::Builder,
    router: Router,
    metrics: Metrics,
    tracker: TaskTracker,
    stop: CancellationToken,
    stop_grace: Duration,
}

impl Host {
    pub(super) fn new(
        http: &Http,
        router: Router,
        metrics: Metrics,
        stop: CancellationToken,
    ) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(http.header_timeout.0)
            .max_buf_size(http.header_max.0.max(BUFFER_MIN));
        let mut last_words = http1.clone();
        last_words.keep_alive(false);
        let (tracker, stop_grace) = (TaskTracker::new(), http.stop_grace.0);
        Self { http1, last_words, router, metrics, tracker, stop, stop_grace }
    }

    /// Deals with a new connection from `peer` as `ruling` says.
    pub(super) fn receive(&self, stream: TcpStream, peer: SocketAddr, ruling: Ruling) {
        let peer = PeerAddress(SocketAddr::new(peer.ip().to_canonical(), peer.port()));
        let reason = match ruling {
            Ruling::Admitted(seat) => {
                self.tracker.spawn(self.converse(stream, peer, seat));
                return;
            }
            Ruling::Refused(refusal) => {
                let reason = refusal.reason;
                self.tracker.spawn(self.refuse(stream, peer, refusal));
                reason
            }
            Ruling::Ignored(reason) => reason,
        };
        self.metrics.admission_refusals.one(&ByReason { reason });
    }

    /// Waits for every connection that is still being served.
    pub(super) async fn finish(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Serves the router on `stream` until either side ends it.
    fn converse(
        &self,
        stream: TcpStream,
        peer: PeerAddress,
        seat: Seat,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (router, end) = (self.router.clone(), CancellationToken::new());
        let leash = Leash(end.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(seat.clone());
            request.extensions_mut().insert(leash.clone());
            router.clone().oneshot(request)
        });
        let connection = self.http1.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let (stop, grace) = (self.stop.clone(), self.stop_grace);
        async move {
            let end = end.drop_guard();
            let mut connection = std::pin::pin!(connection);
            let serving = async {
                tokio::select! {
                    ended = connection.as_mut() => ended,
                    () = stop.cancelled() => {
                        connection.as_mut().graceful_shutdown();
                        tokio::time::timeout(grace, connection).await.unwrap_or(Ok(()))
                    }
                }
            };
            let ended = end.token().run_until_cancelled(serving).await.unwrap_or(Ok(()));
            if let Err(fault) = ended {
                tracing::debug!(%fault, "a connection ended badly");
            }
        }
    }

    /// Answers one request on `stream` with 503, before any upgrade, and closes.
    fn refuse(
        &self,
        stream: TcpStream,
        peer: PeerAddress,
        refusal: Refusal,
    ) -> impl Future<Output = ()> + Send + 'static {
        let router = self.router.clone();
        let retry_after = refusal.retry_after;
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            let router = router.clone();
            async move {
                if ALWAYS.contains(&request.uri().path()) {
                    return router.oneshot(request).await;
                }
                Ok::<_, Infallible>(come_back_later(retry_after))
            }
        });
        let connection = self.last_words.serve_connection(TokioIo::new(stream), service);
        let stop = self.stop.clone();
        async move {
            let _place = refusal;
            if let Some(Err(fault)) = stop.run_until_cancelled(connection).await {
                tracing::debug!(%fault, "a refused connection ended badly");
            }
        }
    }
}

fn come_back_later(retry_after: Duration) -> Response<Body> {
    let seconds = retry_after.as_secs().max(1);
    let refusal = Reply::new(Code::TooManyRequests).with("retry_ms", seconds * 1_000);
    let mut response = Response::new(Body::from(refusal.to_json().to_string()));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::RETRY_AFTER, seconds.into());
    response
}
