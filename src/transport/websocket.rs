//! `/connection/websocket` and `/connection/uni_websocket`: from an upgraded request to a line.
//!
//! After the upgrade the TCP stream is taken back from hyper and all HTTP state is freed; a task of
//! its own then serves the connection, so that nothing of the handshake stays in memory.

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::Body,
    extract::{Extension, Request, State},
    http::{Response, StatusCode},
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::TcpStream;

use crate::{
    hub::Dialect,
    listener::Seat,
    operation::caller::PeerAddress,
    protocol::codec::Encoding,
    session::Visitor,
    transport::{
        Transport,
        connection::Line,
        handshake::{Handshake, Refused},
        socket::Socket,
    },
};

/// The kernel may hold this much unsent for one client; beyond it the mailbox knows that the client
/// is behind. Left alone, the kernel would hide four megabytes of backlog for each.
const UNSENT_BYTES_MAX: u32 = 64 * 1_024;

/// Opens a bidirectional connection.
pub async fn bidirectional(
    State(transport): State<Arc<Transport>>,
    peer: Option<Extension<PeerAddress>>,
    seat: Option<Extension<Seat>>,
    request: Request,
) -> Response<Body> {
    let by = |encoding| match encoding {
        Encoding::Json => Dialect::WebSocketJson,
        Encoding::Protobuf => Dialect::WebSocketProtobuf,
    };
    upgrade(transport, (peer, seat), request, by)
}

/// Opens a connection that only hears.
pub async fn unidirectional(
    State(transport): State<Arc<Transport>>,
    peer: Option<Extension<PeerAddress>>,
    seat: Option<Extension<Seat>>,
    request: Request,
) -> Response<Body> {
    let by = |encoding| match encoding {
        Encoding::Json => Dialect::UniWebSocketJson,
        Encoding::Protobuf => Dialect::UniWebSocketProtobuf,
    };
    upgrade(transport, (peer, seat), request, by)
}

fn upgrade(
    transport: Arc<Transport>,
    (peer, seat): (Option<Extension<PeerAddress>>, Option<Extension<Seat>>),
    mut request: Request,
    dialect: impl FnOnce(Encoding) -> Dialect,
) -> Response<Body> {
    let handshake = match Handshake::read(&request, &transport.allowed_origins) {
        Ok(handshake) => handshake,
        Err(refused) => return refuse(refused),
    };
    let on_upgrade = hyper::upgrade::on(&mut request);
    let address = peer.map(|Extension(PeerAddress(peer))| peer.ip());
    let seat = seat.map(|Extension(seat)| seat);
    let dialect = dialect(handshake.encoding);
    let tasks = transport.tasks.clone();
    tasks.spawn(take_over(transport, on_upgrade, dialect, address, seat));
    handshake.response()
}

fn refuse(refused: Refused) -> Response<Body> {
    let mut response = Response::new(Body::from(refused.to_string()));
    *response.status_mut() = refused.status();
    if refused.status() == StatusCode::UPGRADE_REQUIRED {
        let version = axum::http::HeaderValue::from_static("13");
        response.headers_mut().insert("sec-websocket-version", version);
    }
    response
}

async fn take_over(
    transport: Arc<Transport>,
    on_upgrade: OnUpgrade,
    dialect: Dialect,
    address: Option<IpAddr>,
    seat: Option<Seat>,
) {
    let upgraded = match on_upgrade.await {
        Ok(upgraded) => upgraded,
        Err(fault) => {
            tracing::debug!(%fault, "a handshake was not completed");
            return;
        }
    };
    let Some((socket, early)) = reclaim(upgraded) else {
        tracing::error!("an upgraded connection is no TCP stream");
        return;
    };
    // Without a bound the kernel takes more; the connection works all the same.
    if let Err(fault) = SockRef::from(&socket).set_tcp_notsent_lowat(UNSENT_BYTES_MAX) {
        tracing::debug!(%fault, "the unsent bytes of a connection are not bounded");
    }
    let socket = Arc::new(socket);
    let metrics = &transport.needs.metrics;
    let wire = Socket { stream: Arc::clone(&socket), written: metrics.written.clone() };
    let guest = transport.needs.hub.admit(dialect, Box::new(wire));
    let visitor = Visitor::new(Arc::clone(&transport.needs), guest, address);
    let line = Line::new(socket, Arc::clone(visitor.mailbox()), &transport.needs);
    let tasks = transport.tasks.clone();
    drop(transport);
    tasks.spawn(async move {
        line.serve(visitor, early).await;
        drop(seat);
    });
}

/// The TCP stream, and the bytes that came right behind the handshake. hyper's read buffer, even
/// when empty, pins eight kilobytes: so they are copied, and it is let go.
fn reclaim(upgraded: Upgraded) -> Option<(TcpStream, Vec<u8>)> {
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().ok()?;
    Some((parts.io.into_inner(), parts.read_buf.to_vec()))
}
