//! `/connection/websocket` and `/connection/uni_websocket`: from an upgraded request to a line.
//!
//! After the upgrade the TCP stream is taken back from hyper and all HTTP state is freed; a task of
//! its own then serves the connection, so that nothing of the handshake stays in memory.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Extension, Request, State},
    http::{HeaderValue, Response, StatusCode, header},
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::{
    hub::Dialect,
    listener::Seat,
    operation::caller::PeerAddress,
    protocol::{
        codec::{Encoding, decode_connect},
        request::ConnectRequest,
    },
    session::{Arrival, Needs, Visitor},
    telemetry::{Metrics, label::ByReason},
    transport::{
        Transport,
        connection::Line,
        handshake::{Handshake, Refused},
        socket::{Listening, Socket},
    },
};

/// What the accept loop says of a request.
type Peer = (Option<Extension<PeerAddress>>, Option<Extension<Seat>>);

/// Opens a bidirectional connection.
pub async fn bidirectional(
    State(transport): State<Arc<Transport>>,
    peer: Peer,
    request: Request,
) -> Response<Body> {
    let by = |encoding| match encoding {
        Encoding::Json => Dialect::WebSocketJson,
        Encoding::Protobuf => Dialect::WebSocketProtobuf,
    };
    let metrics = transport.needs.metrics.clone();
    upgrade(transport, peer, request, by).unwrap_or_else(|refused| refuse(refused, &metrics))
}

/// Opens a connection that only hears. Its connect request is its first message, or comes with the
/// handshake.
pub async fn unidirectional(
    State(transport): State<Arc<Transport>>,
    peer: Peer,
    request: Request,
) -> Response<Body> {
    let by = |encoding| match encoding {
        Encoding::Json => Dialect::UniWebSocketJson,
        Encoding::Protobuf => Dialect::UniWebSocketProtobuf,
    };
    let metrics = transport.needs.metrics.clone();
    upgrade(transport, peer, request, by).unwrap_or_else(|refused| refuse(refused, &metrics))
}

fn upgrade(
    transport: Arc<Transport>,
    (peer, seat): Peer,
    mut request: Request,
    dialect: impl FnOnce(Encoding) -> Dialect,
) -> Result<Response<Body>, Refused> {
    let handshake = Handshake::read(&request, &transport.http.allowed_origins)?;
    let dialect = dialect(handshake.encoding);
    let connect = handshake.connect.as_ref().filter(|_| dialect.is_unidirectional());
    let connect = connect.map(|json| decode_connect(Encoding::Json, json.as_bytes())).transpose();
    let newcomer = Newcomer {
        dialect,
        arrival: Arrival {
            address: peer.map(|Extension(PeerAddress(peer))| peer.ip()),
            pings: handshake.pings,
            way_back: None,
        },
        connect: connect.map_err(|_| Refused::Connect)?,
        seat: seat.map(|Extension(seat)| seat),
    };
    let on_upgrade = hyper::upgrade::on(&mut request);
    transport.tasks.clone().spawn(newcomer.take_over(transport, on_upgrade));
    Ok(handshake.response())
}

/// Answers without an upgrade. What is let in is counted when it is: this is counted here.
fn refuse(refused: Refused, metrics: &Metrics) -> Response<Body> {
    metrics.admission_refusals.one(&ByReason { reason: refused.reason() });
    let mut response = Response::new(Body::from(refused.to_string()));
    *response.status_mut() = refused.status();
    if refused.status() == StatusCode::UPGRADE_REQUIRED {
        let version = HeaderValue::from_static("13");
        response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, version);
    }
    response
}

/// Who asks for an upgrade.
struct Newcomer {
    dialect: Dialect,
    arrival: Arrival,
    connect: Option<ConnectRequest>,
    seat: Option<Seat>,
}

impl Newcomer {
    async fn take_over(mut self, transport: Arc<Transport>, on_upgrade: OnUpgrade) {
        let upgraded = match on_upgrade.await {
            Ok(upgraded) => upgraded,
            Err(fault) => {
                tracing::debug!(%fault, "a handshake was not completed");
                return;
            }
        };
        let Some((stream, early)) = reclaim(upgraded) else {
            tracing::error!("an upgraded connection is no TCP stream");
            return;
        };
        let seat = self.seat.take();
        let (line, visitor) = self.settle(&transport.needs, stream, early);
        let tasks = transport.tasks.clone();
        drop(transport);
        tasks.spawn(async move {
            line.serve(visitor).await;
            drop(seat);
        });
    }

    fn settle(
        self,
        needs: &Arc<Needs>,
        stream: TcpStream,
        mut early: Vec<u8>,
    ) -> (Line<Listening>, Visitor) {
        let stream = Arc::new(stream);
        let wire = Socket { stream: Arc::clone(&stream), written: needs.metrics.written.clone() };
        let guest = needs.hub.admit(self.dialect, Box::new(wire));
        let received = needs.metrics.received.clone();
        let mut listening =
            Listening::new(stream, self.dialect, self.arrival.pings, &needs.client, received);
        if let Some(request) = self.connect {
            listening.hear(request);
        }
        let visitor = Visitor::new(Arc::clone(needs), guest, self.arrival);
        listening.digest(&mut early, visitor.mailbox());
        (Line::new(listening, Arc::clone(visitor.mailbox()), needs), visitor)
    }
}

/// The TCP stream, and the bytes that came right behind the handshake. hyper's read buffer, even
/// when empty, pins eight kilobytes: so they are copied, and it is let go.
fn reclaim(upgraded: Upgraded) -> Option<(TcpStream, Vec<u8>)> {
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().ok()?;
    Some((parts.io.into_inner(), parts.read_buf.to_vec()))
}
