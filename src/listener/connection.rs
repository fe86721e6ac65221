//! One HTTP/1 connection: whose it is, its deadlines, its extensions, and how it ends.

use std::{convert::Infallible, future::Future, net::SocketAddr, sync::Arc, time::Duration};

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
    ALWAYS, CONNECTING,
    admission::{Admission, RETRY_AFTER, Refusal, Ruling, Seat},
    seated::Seated,
    trust::Trust,
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
    trust: Trust,
    admission: Admission,
    router: Router,
    metrics: Metrics,
    tracker: TaskTracker,
    stop: CancellationToken,
    stop_grace: Duration,
}

/// Whose requests a connection brings.
#[derive(Clone)]
enum Side {
    /// Those of one client, who has this seat.
    Client(Seat),
    /// Those of many, one after the other; each request says whose it is.
    Proxy,
}

impl Host {
    pub(super) fn new(
        http: &Http,
        admission: Admission,
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
        let (trust, tracker, stop_grace) =
            (Trust::new(http), TaskTracker::new(), http.stop_grace.0);
        Self { http1, last_words, trust, admission, router, metrics, tracker, stop, stop_grace }
    }

    /// Deals with a new connection from `peer`.
    pub(super) fn receive(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        if !self.trust.expects_preface(peer.ip()) {
            return self.settle(stream, peer);
        }
        let host = Arc::clone(self);
        self.tracker.spawn(async move {
            let introduced = host.trust.introduced(&stream, peer);
            match host.stop.run_until_cancelled(introduced).await {
                Some(Ok(client)) => host.settle(stream, client),
                Some(Err(silence)) => {
                    host.count("proxy_protocol");
                    tracing::debug!(%silence, "a proxy did not say whom it connects for");
                }
                None => {}
            }
        });
    }

    /// Waits for every connection that is still being served.
    pub(super) async fn finish(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Serves or refuses a connection that is `peer`'s, as far as is known.
    fn settle(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        if self.trust.covers(peer.ip()) {
            self.tracker.spawn(self.converse(stream, peer, Side::Proxy));
            return;
        }
        let reason = match self.admission.rule(peer.ip()) {
            Ruling::Admitted(seat) => {
                self.tracker.spawn(self.converse(stream, peer, Side::Client(seat)));
                return;
            }
            Ruling::Refused(refusal) => {
                let reason = refusal.reason;
                self.tracker.spawn(self.refuse(stream, PeerAddress(peer), refusal));
                reason
            }
            Ruling::Ignored(reason) => reason,
        };
        self.count(reason);
    }

    fn count(&self, reason: &'static str) {
        self.metrics.admission_refusals.one(&ByReason { reason });
    }

    /// Serves the router on `stream` until either side ends it.
    fn converse(
        self: &Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        side: Side,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (host, end) = (Arc::clone(self), CancellationToken::new());
        let leash = Leash(end.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(leash.clone());
            let (host, side) = (Arc::clone(&host), side.clone());
            async move {
                match side {
                    Side::Client(seat) => host.answer(request, peer, seat).await,
                    Side::Proxy => host.answer_through(request, peer).await,
                }
            }
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

    /// Answers a request of `client`.
    async fn answer(
        &self,
        mut request: Request<Incoming>,
        client: SocketAddr,
        seat: Seat,
    ) -> Result<Response<Body>, Infallible> {
        request.extensions_mut().insert(PeerAddress(client));
        request.extensions_mut().insert(seat);
        self.router.clone().oneshot(request).await
    }

    /// Answers a request that came through the trusted `proxy`: its client has a seat until the
    /// answer has been taken, or is told to come back later. What a proxy asks on its own account is
    /// not limited.
    async fn answer_through(
        &self,
        request: Request<Incoming>,
        proxy: SocketAddr,
    ) -> Result<Response<Body>, Infallible> {
        let client = self.trust.client(proxy, request.headers());
        let path = request.uri().path();
        if ALWAYS.contains(&path) || self.trust.covers(client.ip()) {
            return self.answer(request, client, Seat::default()).await;
        }
        let seat = self.admission.seat(client.ip()).and_then(|seat| {
            let is_new = path.starts_with(CONNECTING);
            let counted = if is_new { self.admission.connect(client.ip()) } else { Ok(()) };
            counted.map(|()| seat)
        });
        match seat {
            Ok(seat) => {
                let response = self.answer(request, client, seat.clone()).await?;
                Ok(response.map(|body| Body::new(Seated::new(body, seat))))
            }
            Err(reason) => {
                self.count(reason);
                Ok(come_back_later(RETRY_AFTER))
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
