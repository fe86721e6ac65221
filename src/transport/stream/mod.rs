//! Responses that do not end, for clients whose networks let no WebSocket through.
//!
//! `/connection/http_stream` and `/connection/sse` open a connection that only reads; its commands
//! come by `POST /emulation`. The unidirectional ones carry bare pushes and take no commands.

pub mod carrier;
pub mod emulation;
pub mod intake;
pub mod pipe;

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    response::Response,
};

use self::{
    carrier::Streaming,
    intake::{Intake, Refused},
    pipe::pipe,
};
use crate::{
    hub::Dialect,
    protocol::codec::{Encoding, decode_commands, decode_connect},
    session::{Arrival, Pings, Visitor},
    transport::{
        Transport,
        connection::{Heard, Line},
    },
};

/// Proxies pass on what they are sent, at once.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// An event stream begins with an empty line, so that whoever waits for its first bytes goes on.
const EVENTS_PRELUDE: &[u8] = b"\r\n";

/// Opens a stream of lines or of length-prefixed messages.
pub async fn http_stream(
    State(transport): State<Arc<Transport>>,
    request: Request,
) -> Result<Response, Refused> {
    let intake = Intake::read(&transport, request, transport.message_max()).await?;
    let dialect = match intake.encoding {
        Encoding::Json => Dialect::StreamJson,
        Encoding::Protobuf => Dialect::StreamProtobuf,
    };
    let first = commands(&transport, intake.encoding, &intake.body);
    Ok(open(&transport, dialect, first, intake))
}

/// Opens a stream of events. Browsers can say what they want in the query alone.
pub async fn sse(
    State(transport): State<Arc<Transport>>,
    request: Request,
) -> Result<Response, Refused> {
    let intake = Intake::read(&transport, request, transport.message_max()).await?;
    let json = intake.said().ok_or(Refused::NoConnect)?;
    let first = commands(&transport, Encoding::Json, json);
    Ok(open(&transport, Dialect::EventsJson, first, intake))
}

/// Opens a stream of bare pushes.
pub async fn uni_http_stream(
    State(transport): State<Arc<Transport>>,
    request: Request,
) -> Result<Response, Refused> {
    let intake = Intake::read(&transport, request, transport.message_max()).await?;
    let dialect = match intake.encoding {
        Encoding::Json => Dialect::UniStreamJson,
        Encoding::Protobuf => Dialect::UniStreamProtobuf,
    };
    let first = connect(intake.encoding, &intake.body)?;
    Ok(open(&transport, dialect, first, intake))
}

/// Opens a stream of events that are bare pushes.
pub async fn uni_sse(
    State(transport): State<Arc<Transport>>,
    request: Request,
) -> Result<Response, Refused> {
    let intake = Intake::read(&transport, request, transport.message_max()).await?;
    let first = connect(Encoding::Json, intake.said().unwrap_or(b"{}"))?;
    Ok(open(&transport, Dialect::UniEventsJson, first, intake))
}

/// What is no commands ends the connection in its own words, as on a WebSocket.
fn commands(transport: &Transport, encoding: Encoding, frame: &[u8]) -> Heard {
    let commands = decode_commands(encoding, frame, transport.needs.client.commands_per_frame);
    commands.map_or(Heard::Nonsense, Heard::Commands)
}

fn connect(encoding: Encoding, message: &[u8]) -> Result<Heard, Refused> {
    let request = decode_connect(encoding, message).map_err(|_| Refused::NoConnect)?;
    Ok(Heard::Connect(Box::new(request)))
}

fn open(transport: &Transport, dialect: Dialect, first: Heard, intake: Intake) -> Response {
    let needs = &transport.needs;
    let is_events = matches!(dialect, Dialect::EventsJson | Dialect::UniEventsJson);
    let prelude = if is_events { EVENTS_PRELUDE } else { b"" };
    let (inlet, outlet) = pipe(prelude, needs.metrics.written.clone());
    let guest = needs.hub.admit(dialect, Box::new(inlet.clone()));
    let (inbox, way_back) = match dialect.is_unidirectional() {
        true => (None, None),
        false => {
            let (inbox, way_back) = transport.sessions.open(guest.mailbox());
            (Some(inbox), Some(way_back))
        }
    };
    let arrival = Arrival { address: intake.address, pings: Pings::Messages, way_back };
    let visitor = Visitor::new(Arc::clone(needs), guest, arrival);
    let carrier = Streaming { inlet, dialect, first: Some(first), inbox, leash: intake.leash };
    let line = Line::new(carrier, Arc::clone(visitor.mailbox()), needs);
    transport.tasks.spawn(line.serve(visitor));

    let mut response = Response::new(Body::new(outlet));
    let mut says = |name, value| response.headers_mut().insert(name, value);
    says(header::CONTENT_TYPE, HeaderValue::from_static(content_type(dialect)));
    says(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store"));
    says(UNBUFFERED.0, UNBUFFERED.1);
    // Who comes back comes on a new connection, which admission counts like any other.
    says(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn content_type(dialect: Dialect) -> &'static str {
    match (dialect, dialect.encoding()) {
        (Dialect::EventsJson | Dialect::UniEventsJson, _) => "text/event-stream; charset=utf-8",
        (_, Encoding::Json) => "application/x-ndjson",
        (_, Encoding::Protobuf) => "application/octet-stream",
    }
}
